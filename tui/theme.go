package tui

import (
	"image/color"

	"charm.land/bubbles/v2/help"
	"charm.land/lipgloss/v2"

	"lectern/internal/look"
)

// theme is the styles of all screens. No style is the only sign of anything:
// there is always a word or a sign beside it.
type theme struct {
	brand    lipgloss.Style
	strong   lipgloss.Style
	selected lipgloss.Style
	plain    lipgloss.Style
	faded    lipgloss.Style
	open     lipgloss.Style
	done     lipgloss.Style
	bad      lipgloss.Style
	spinner  lipgloss.Style
	notices  [3]lipgloss.Style // by NoticeKind
	help     help.Styles
}

// newTheme returns the styles for a dark or a light background. Without colour
// they are bold and reverse only, for terminals of people who ask for that.
func newTheme(dark, noColor bool) *theme {
	none := lipgloss.NewStyle()
	bold := none.Bold(true)
	if noColor {
		chip := bold.Reverse(true)
		return &theme{
			brand: bold, strong: bold, selected: bold, plain: none, faded: none,
			open: none, done: none, bad: bold, spinner: none,
			notices: [3]lipgloss.Style{chip, chip, chip},
			help:    helpStyles(bold, none),
		}
	}
	p := look.NewPalette(dark)
	chip := func(c color.Color) lipgloss.Style { return bold.Foreground(p.Ink).Background(c) }
	faded := none.Foreground(p.Faded)
	return &theme{
		brand:    bold.Foreground(p.Brass),
		strong:   bold.Foreground(p.Strong),
		selected: bold.Foreground(p.Brass),
		plain:    none,
		faded:    faded,
		open:     none.Foreground(p.Teal),
		done:     none.Foreground(p.Green),
		bad:      bold.Foreground(p.Red),
		spinner:  none.Foreground(p.Brass),
		notices:  [3]lipgloss.Style{Info: chip(p.Blue), Good: chip(p.Green), Bad: chip(p.Red)},
		help:     helpStyles(none.Foreground(p.Brass), faded),
	}
}

func helpStyles(keys, words lipgloss.Style) help.Styles {
	return help.Styles{
		Ellipsis: words,
		ShortKey: keys, ShortDesc: words, ShortSeparator: words,
		FullKey: keys, FullDesc: words, FullSeparator: words,
	}
}

// The signs of this package, of the same kind as those of [look].
const (
	signRunning = "►"
	signOpen    = "▸"
	signLocked  = "·"

	signConnected = "●"
	signAway      = "○"
	signSorted    = "▾"

	signRecorded = "●"
)

// signOf says a stage's state in a sign and a word.
func (t *theme) signOf(s StageState, running bool) (sign, word string, style lipgloss.Style) {
	switch {
	case running:
		return signRunning, "running", t.selected
	case s == Done:
		return look.SignDone, "done", t.done
	case s == Locked:
		return signLocked, "locked", t.faded
	}
	return signOpen, "open", t.open
}

// noticeSign stands before a notice, so that its kind shows without colour.
func noticeSign(k NoticeKind) string {
	switch k {
	case Good:
		return look.SignDone
	case Bad:
		return look.SignFailed
	}
	return look.SignNotice
}

// bar draws how much of something is done.
func (t *theme) bar(done, all, width int) string {
	return look.Bar(done, all, width, t.done, t.faded)
}
