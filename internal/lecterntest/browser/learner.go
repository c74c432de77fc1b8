package browser

import (
	"fmt"
	"regexp"

	"github.com/chromedp/chromedp"

	"lectern/internal/lecterntest"
)

// Link is the one to an address that ssh lab@host web has printed.
func Link(said, address string) string {
	return regexp.MustCompile(regexp.QuoteMeta(address) + `/#\S+`).FindString(said)
}

// Session is the one of the tutor that the page is with.
func (b *Tab) Session() string {
	b.t.Helper()
	b.WaitFor(`sessionStorage.getItem('lectern.session')`)
	return Eval[string](b, `sessionStorage.getItem('lectern.session')`)
}

// rule is how wide the tutor draws its rules: as wide as it knows the terminal.
const rule = `([...document.querySelectorAll('.xterm-rows > div')].map((row) => row.textContent.trim()).find((row) => /^─{20,}$/.test(row))?.length ?? 0)`

// FollowsSize makes the window of a desktop smaller and as large again. The
// tutor follows, and still shows a text.
func (b *Tab) FollowsSize(text string) {
	b.t.Helper()
	wide := Eval[int](b, rule)
	b.Do(chromedp.EmulateViewport(1000, 700), "make the window smaller")
	b.WaitFor(fmt.Sprintf(`%s > 0 && %s < %d`, rule, rule, wide))
	b.Sees(text)
	b.Do(chromedp.EmulateViewport(Desktop.Width, Desktop.Height), "make it as large again")
	b.WaitFor(fmt.Sprintf(`%s === %d`, rule, wide))
}

// Unreachable is what the browser itself says while nobody answers, for Provoke.
const Unreachable = `net::ERR_(CONNECTION|EMPTY|SOCKET)`

// ComesBack takes the lab from under the page, which says so and keeps a text of
// its screen meanwhile, and gives it back. The page finds it by itself.
func (b *Tab) ComesBack(name, says, text string, lose, mend func()) {
	b.t.Helper()
	lose()
	b.Shows("#notice", says)
	b.Shows(".screen.stale", text)
	b.Picture(name)
	b.Press("q") // goes nowhere
	mend()
	b.Hides("#notice")
	b.Hides(".screen.stale")
}

// MovesThereAndBack goes from the page to a terminal in which ssh has begun, and
// back, with the same tutor all the way. There the learner goes on, by Enter.
func (b *Tab) MovesThereAndBack(terminal *lecterntest.Terminal, stage int, before, after string) {
	b.t.Helper()
	const takenOver = "A newer connection of yours has taken over"
	terminal.Expect(fmt.Sprintf("► Continue.*Stage %d", stage))
	terminal.Press("Enter")
	terminal.Expect(before)
	b.Shows("#notice", takenOver+" this session.")
	b.Shows("#notice-do", "Connect again")
	b.Shows(".screen.stale", before)
	b.Picture("taken over")
	terminal.Press("Enter")
	terminal.Expect(after)

	b.Click("#notice-do")
	b.Hides("#notice")
	b.Hides(".screen.stale")
	b.Sees(after)
	terminal.Expect(takenOver)
	terminal.Expect(`\[exit 1\]`)
}
