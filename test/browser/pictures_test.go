package browser_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"lectern/internal/lecterntest/browser"
)

// TestPictures takes pictures of what a learner has before them in a lesson of the
// sample course, on each device. LECTERN_TEST_PICTURES names a folder to keep them.
func TestPictures(t *testing.T) {
	for name, d := range map[string]browser.Device{
		"desktop": browser.Desktop, "desktop dark": browser.Desktop.Dark(), "phone": browser.Phone, "phone dark": browser.Phone.Dark(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := startLab(t, sampleCourse)
			b := l.open(d)
			picture := func(name string) {
				t.Helper()
				b.Settle()
				b.Picture(name)
			}
			b.Sees("Before the")
			b.Click("#toast") // which has been read, and goes
			b.Hides("#toast")
			picture("picker")
			b.Press(kb.Enter)
			b.Sees("You will learn")
			picture("start")
			b.Press(kb.Enter)
			b.Sees("2/5")
			b.WaitFor(`document.getElementById("count").textContent === "0/5"`)
			picture("lesson")
			if d.Phone {
				b.Click("#fold")
				b.Shows(".stage[aria-current]", "Before the password")
				picture("stages")
				b.Click("#fold")
				b.Click("#screen") // where the keys go
			}
			for page := 3; page <= 5; page++ {
				b.Press(kb.Enter)
				b.Sees(fmt.Sprintf("%d/5", page))
			}
			b.Press(kb.Enter)
			// Every answer is the right one; what is typed is a short answer.
			for i, answer := range []string{"3", "curve25519-sha256" + kb.Enter, "2", "1", "1"} {
				b.Sees(fmt.Sprintf("Question %d", i+1))
				b.Press(answer)
				b.Sees("✓ Right")
				if i == 0 {
					picture("quiz")
				}
				b.Press(kb.Enter)
			}
			b.Sees("Stage 1 complete")
			b.WaitFor(`document.getElementById("count").textContent === "1/5"`)
			b.WaitFor(`document.querySelector('.stage')?.classList.contains('done')`)
			picture("complete")
			b.Press(kb.Enter)
			b.Sees("Well done")
			picture("stages open")
		})
	}
}
