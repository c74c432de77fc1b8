package gateway

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lectern/gateway/audit"
)

// TestComebackThatIsRefused: of a page that is not let in, since its learner is
// elsewhere by now, nothing is told but that to itself, and who is there goes on
// and is recorded.
func TestComebackThatIsRefused(t *testing.T) {
	dir, trail := t.TempDir(), filepath.Join(t.TempDir(), "audit")
	recorded := recordedIn(t, dir)
	l, registry := measuredLab(t, func(o *Options) {
		recorded(o)
		audited(t, trail, slog.Default())(o)
	})
	c := open(t, l.dial(), "start only 1")
	c.expect("hello from")
	c = open(t, l.dial(), "start only 1")
	c.expect("hello from")
	client, _ := l.enters(l.ada())
	asleep := open(t, client, "resume '"+l.sessionOf("ada")+"' 1")
	asleep.expect("A newer connection of yours has taken over")
	if err := asleep.session.Wait(); err == nil {
		t.Error("it says that all is well")
	}
	c.types("say mine still\r")
	c.expect("said mine still")
	c.types("exit 0\r")
	c.shows("Only stage")
	waitFor(t, trail, audit.SandboxEnded)
	waitFor(t, trail, audit.Detached)
	_, events := trailOf(t, trail)
	count := make(map[audit.Kind]int)
	for _, e := range events {
		count[e.Kind]++
	}
	if count[audit.Attached] != 2 || count[audit.TakenOver] != 1 || count[audit.Detached] != 1 {
		t.Errorf("the trail is %s", kindsOf(events))
	}
	expectSeries(t, registry, map[string]float64{
		"takeovers_total": 1, `attaches_total{how="first"}`: 1, `attaches_total{how="again"}`: 1, "attach_seconds": 2,
	})
	if err := l.server.Recorder.Close(); err != nil {
		t.Error(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*-ada-*.cast"))
	if err != nil || len(files) != 1 {
		t.Fatalf("the recordings are %v, %v", files, err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil || !strings.Contains(string(text), "said mine still") {
		t.Errorf("%v, and the recording stopped where the page was refused:\n%s", err, text)
	}
}
