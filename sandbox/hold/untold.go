package hold

import "slices"

// untoldKept is how many lines wait for a learner; the oldest give way.
const untoldKept = 10

// untold are the lines for the learner that they may not have seen, in the order in
// which they came. A line stays until the learner types after it has been shown: a
// terminal that takes output may have nobody in front of it, or be cut off already.
type untold struct {
	lines []string
	shown int // so many of them were shown on the terminal that is joined
}

// add takes a line in. One that waits already has come early enough.
func (u *untold) add(text string) {
	if text == "" || slices.Contains(u.lines[u.shown:], text) {
		return
	}
	if i := slices.Index(u.lines, text); i >= 0 { // it is shown once more, and that counts
		u.drop(i)
	}
	if len(u.lines) == untoldKept {
		u.drop(0)
	}
	u.lines = append(u.lines, text)
}

func (u *untold) drop(i int) {
	u.lines = slices.Delete(u.lines, i, i+1)
	if i < u.shown {
		u.shown--
	}
}

// next is the line that is to be shown, empty for none.
func (u *untold) next() string {
	if u.shown == len(u.lines) {
		return ""
	}
	return u.lines[u.shown]
}

// stood tells that the next line, if it is this one still, was shown for long enough.
func (u *untold) stood(text string) {
	if text == u.next() && text != "" {
		u.shown++
	}
}

// typed tells that the learner is there.
func (u *untold) typed() { u.lines, u.shown = slices.Delete(u.lines, 0, u.shown), 0 }

// joined tells that another terminal is there now, which has shown nothing.
func (u *untold) joined() { u.shown = 0 }

// take takes all out, for a tutor that sees to the rest.
func (u *untold) take() (lines []string) {
	lines, u.lines, u.shown = u.lines, nil, 0
	return lines
}
