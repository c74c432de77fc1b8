package tui

import (
	"image/color"

	"charm.land/bubbles/v2/help"
	"charm.land/lipgloss/v2"
)

// palette is the colours of one kind of background: brass and ink. Every one
// of them is readable as text on that background.
type palette struct {
	brass  color.Color // the brand, the selection, keys
	teal   color.Color // what may be done now
	green  color.Color // what is done
	red    color.Color // what went wrong
	blue   color.Color // plain news
	faded  color.Color // what can wait
	strong color.Color // titles
}

func newPalette(dark bool) palette {
	pick := lipgloss.LightDark(dark)
	of := func(light, dark string) color.Color {
		return pick(lipgloss.Color(light), lipgloss.Color(dark))
	}
	return palette{
		brass:  of("#7A4F00", "#E3B565"),
		teal:   of("#00616B", "#79C7C0"),
		green:  of("#2F6B1E", "#98C379"),
		red:    of("#A8201A", "#F09383"),
		blue:   of("#1F4E9C", "#8DB4EA"),
		faded:  of("#5B6168", "#A0A6AE"),
		strong: of("#1B1F24", "#ECEFF4"),
	}
}

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
	p := newPalette(dark)
	chip := func(c color.Color) lipgloss.Style { return bold.Foreground(c).Reverse(true) }
	faded := none.Foreground(p.faded)
	return &theme{
		brand:    bold.Foreground(p.brass),
		strong:   bold.Foreground(p.strong),
		selected: bold.Foreground(p.brass),
		plain:    none,
		faded:    faded,
		open:     none.Foreground(p.teal),
		done:     none.Foreground(p.green),
		bad:      bold.Foreground(p.red),
		spinner:  none.Foreground(p.brass),
		notices:  [3]lipgloss.Style{Info: chip(p.blue), Good: chip(p.green), Bad: chip(p.red)},
		help:     helpStyles(none.Foreground(p.brass), faded),
	}
}

func helpStyles(keys, words lipgloss.Style) help.Styles {
	return help.Styles{
		Ellipsis: words,
		ShortKey: keys, ShortDesc: words, ShortSeparator: words,
		FullKey: keys, FullDesc: words, FullSeparator: words,
	}
}

// The signs. All of them are one column wide and none has an emoji form, so
// that no terminal draws them in two.
const (
	signBrand   = "▌"
	signCursor  = "›"
	signRunning = "►"
	signDone    = "✓"
	signOpen    = "▸"
	signLocked  = "·"
	signFailed  = "✗"
	signMore    = "…"
)

// signOf says a stage's state in a sign and a word.
func (t *theme) signOf(s StageState, running bool) (sign, word string, style lipgloss.Style) {
	switch {
	case running:
		return signRunning, "running", t.selected
	case s == Done:
		return signDone, "done", t.done
	case s == Locked:
		return signLocked, "locked", t.faded
	}
	return signOpen, "open", t.open
}

// noticeSign stands before a notice, so that its kind shows without colour.
func noticeSign(k NoticeKind) string {
	switch k {
	case Good:
		return signDone
	case Bad:
		return signFailed
	}
	return "i"
}
