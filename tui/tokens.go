package tui

import (
	"fmt"
	"strconv"

	"charm.land/lipgloss/v2"

	"lectern/internal/look"
)

// besideKeys puts what the learner has used of a model at the end of the line of
// keys, in the longest form for which these leave room.
func (a *App) besideKeys(keys string) string {
	style := a.theme.faded
	if a.home.Tokens.spent() {
		style = a.theme.bad
	}
	for _, words := range a.home.Tokens.words() {
		if lipgloss.Width(keys)+3+lipgloss.Width(words) <= a.width {
			return look.Spread(keys, style.Render(words), a.width-1)
		}
	}
	return keys
}

// spent tells whether no more may be used today.
func (t *Tokens) spent() bool { return t != nil && t.PerDay > 0 && t.Today >= t.PerDay }

// words says it in several forms, the longest first.
func (t *Tokens) words() []string {
	switch {
	case t == nil || t.Today == 0 && t.PerDay == 0:
		return nil
	case t.spent():
		return []string{"no tokens left today", "no tokens left"}
	case t.PerDay > 0:
		used := compact(t.Today) + " of " + compact(t.PerDay)
		return []string{used + " tokens today", used + " tokens"}
	}
	return []string{compact(t.Today) + " tokens today", compact(t.Today) + " tokens"}
}

// compact writes a count in a few columns. It rounds down, so that a budget does
// not look spent before it is.
func compact(n int64) string {
	for _, unit := range []struct {
		size int64
		sign string
	}{{1_000_000_000, "G"}, {1_000_000, "M"}, {1000, "k"}} {
		switch tenths := n / (unit.size / 10); {
		case n < unit.size:
		case tenths < 100 && tenths%10 > 0:
			return fmt.Sprintf("%d.%d%s", tenths/10, tenths%10, unit.sign)
		default:
			return strconv.FormatInt(n/unit.size, 10) + unit.sign
		}
	}
	return strconv.FormatInt(n, 10)
}
