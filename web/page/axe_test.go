package page_test

import (
	_ "embed"
	"strings"
	"testing"

	"lectern/internal/lecterntest/browser"
)

//go:embed testdata/axe-core/axe.min.js
var axe string

// audit takes a picture of what is shown, and looks with axe for what somebody
// could not see, reach or understand.
func audit(t *testing.T, b *browser.Tab, name string) {
	t.Helper()
	b.Settle() // colours on their way are none that anybody reads
	b.Picture(strings.ReplaceAll(name, " ", "-"))
	browser.Eval[bool](b, `typeof axe !== 'undefined' || (() => {`+axe+`; return true; })()`)
	type violation struct {
		ID, Impact, Help string
		Nodes            []string
	}
	for _, v := range browser.Eval[[]violation](b, `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations.map((v) => (
		{ id: v.id, impact: v.impact, help: v.help, nodes: v.nodes.map((n) => n.html.slice(0, 200) + ' ' + n.failureSummary.replaceAll('\n', ' ')) })))`) {
		if v.Impact == "serious" || v.Impact == "critical" {
			t.Errorf("%s: axe finds %s (%s): %s\n%s", name, v.ID, v.Impact, v.Help, strings.Join(v.Nodes, "\n"))
		} else {
			t.Logf("%s: axe finds %s (%s): %s\n%s", name, v.ID, v.Impact, v.Help, strings.Join(v.Nodes, "\n"))
		}
	}
}
