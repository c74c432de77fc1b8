package browser_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"lectern/internal/lecterntest/browser"
)

// atLesson is the page with the first page of the first stage's lesson.
func atLesson(t *testing.T, settings ...string) (*lab, *browser.Tab) {
	t.Helper()
	l := startLab(t, shortCourse, settings...)
	b := l.open(browser.Desktop)
	b.Sees("› ▸ open    1  Counting")
	b.Press(kb.Enter)
	b.Sees("You will learn")
	b.Press(kb.Enter)
	b.Sees("One is the first number")
	b.Shows(".stage.open[aria-current=step]", "Counting")
	return l, b
}

// step is what is seen, and the keys that are pressed then.
type step struct{ sees, keys string }

func study(b *browser.Tab, steps ...step) {
	for _, s := range steps {
		b.Sees(s.sees)
		b.Press(s.keys)
	}
}

// TestDay is the main job: sign in by link, pick, learn, answer, complete a stage,
// see the list beside it change, and go on after loading the page anew.
func TestDay(t *testing.T) {
	l, b := atLesson(t)
	if at := browser.Eval[string](b, `location.href`); at != l.url+"/" {
		t.Errorf("the address is %s, want it without the code", at)
	}
	b.WaitFor(`document.title === 'Stage 1 · Two small steps · Lectern'`)
	b.Shows(".far", "0 of 2 stages done")
	b.Shows(".stage.locked", "Adding")
	b.Shows("#login", "ada")

	b.FollowsSize("One is the first number")

	study(b,
		step{"One is the first number", kb.Enter}, step{"Two follows one", kb.Enter},
		step{"What follows one", "2"}, step{"✓ Right", kb.Enter},
		step{"Which number comes first", "One" + kb.Enter}, step{"✓ Right", kb.Enter})
	b.Sees("Stage 1 complete")
	b.Shows(".stage.done[aria-current=step]", "Counting")
	b.Shows(".stage.open", "Adding")
	b.Shows(".far", "1 of 2 stages done")
	b.WaitFor(`document.querySelector('progress').value === 1`)
	if progress := l.run("progress", "--json"); !strings.Contains(progress, `"evidence":"quiz"`) {
		t.Errorf("the progress is %s", progress)
	}

	b.Press(kb.Enter)
	b.Sees("Stage 1 complete. Well done")
	b.WaitFor(`document.title === 'Lectern'`)
	b.Sees("› ▸ open    2  Adding")
	study(b, step{"Adding", kb.Enter}, step{"You will learn", kb.Enter})
	b.Sees("One and one is two")
	b.Shows(".stage.open[aria-current=step]", "Adding")

	with := b.Session()
	b.Do(chromedp.Reload(), "load the page anew")
	b.Sees("One and one is two")
	b.Shows(".stage.open[aria-current=step]", "Adding")
	b.Shows(".stage.done", "Counting")
	if now := b.Session(); now != with {
		t.Errorf("the page loaded anew is with the session %s, and was with %s", now, with)
	}

	study(b, step{"One and one is two", kb.Enter}, step{"What is one and one", "1"}, step{"✓ Right", kb.Enter})
	b.Sees("Stage 2 complete")
	b.Shows(".far", "2 of 2 stages done")
	b.Press(kb.Enter)
	b.Sees("and with it the whole course")
	b.Press("q")
	b.Shows("#notice", "You have left.")
	b.Shows("#notice-do", "Connect again")
}
