//go:build e2e

package e2e

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"lectern/course"
	"lectern/internal/lecterntest"
	"lectern/internal/lecterntest/browser"
)

// TestBrowser walks through a stage in a browser, by the node's port to the
// gateway's Pod and on to a sandbox Pod: sign in by link, pick, learn, complete the
// stage, see the list change, and go on in the same Pod after loading the page anew.
func TestBrowser(t *testing.T) {
	host := nodeAddress(t)
	url := "http://" + net.JoinHostPort(host, "31000")
	d := deployWith(t, installation{settings: func(text string) string {
		return strings.Replace(text, "public_url: http://localhost:31000", "public_url: "+url, 1)
	}}, "ada")
	wire := lecterntest.LayWire(t, net.JoinHostPort(host, "31000"))
	chromium, err := browser.Start(nil, browser.NoGraphics, browser.Detour(host, wire.Addr()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := chromium.Close(); err != nil {
			t.Error(err)
		}
	})
	said := d.run(t, "ada", "web")
	link := browser.Link(said, url)
	if link == "" {
		t.Fatalf("ssh ada@host web printed no link to %s: %s", url, said)
	}
	b := chromium.Open(t, browser.Desktop, link)
	b.Sees("› ▸ open    1  Before the password")
	b.Press(kb.Enter)
	b.Sees("You will learn")
	b.Shows(".stage.open[aria-current=step]", "Before the password")
	b.Shows(".far", "0 of 5 stages done")
	pod := d.pod(t, "ada")

	b.Press(kb.Enter)
	b.Sees("Two lines in the clear")
	samePlace := func(after string) {
		t.Helper()
		b.Sees("Two lines in the clear")
		b.Shows(".stage.open[aria-current=step]", "Before the password")
		if now := d.pod(t, "ada"); now != pod {
			t.Errorf("after %s the page is in the Pod %s, and was in %s", after, now, pod)
		}
	}
	b.FollowsSize("Two lines in the clear")
	b.Do(chromedp.Reload(), "load the page anew")
	samePlace("loading it anew")
	b.Provoke(browser.Unreachable)
	b.ComesBack("link lost", "The connection was lost.", "Two lines in the clear", wire.Drop, wire.Mend)
	samePlace("losing the connection")
	b.MovesThereAndBack(d.terminals.Open("ada", "100x40", d.ssh("ada")...), 1, "Two lines in the clear", "Ten lists and one rule")
	if now := d.pod(t, "ada"); now != pod {
		t.Errorf("after a while at a terminal the page is in the Pod %s, and was in %s", now, pod)
	}

	stage := sampleStage(t, 1)
	for page := 4; page <= len(stage.Concepts)+1; page++ {
		b.Press(kb.Enter)
		b.Sees(fmt.Sprintf("page %d/", page))
	}
	b.Press(kb.Enter)
	for i, q := range stage.Questions {
		b.Sees(fmt.Sprintf("Question %d", i+1))
		if q.Kind == course.MultipleChoice {
			b.Press(fmt.Sprint(q.Correct + 1))
		} else {
			b.Press(q.Answer + kb.Enter)
		}
		b.Sees("✓ Right")
		b.Press(kb.Enter)
	}
	b.Sees("Stage 1 complete")
	b.Shows(".stage.done[aria-current=step]", "Before the password")
	b.Shows(".stage.open", "Who is there")
	b.Shows(".far", "1 of 5 stages done")
	b.Settle()
	b.Picture("complete")
	b.Press(kb.Enter)
	b.Sees("› ▸ open    2  Who is there")
	if progress := d.run(t, "ada", "progress", "--json"); !strings.Contains(progress, `"evidence":"quiz"`) {
		t.Errorf("the progress is %s", progress)
	}
}
