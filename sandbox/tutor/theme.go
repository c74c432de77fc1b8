package tutor

import (
	"image/color"

	"charm.land/lipgloss/v2"

	"lectern/internal/look"
)

// theme is the styles of all screens. No style is the only sign of anything:
// there is always a word or a sign beside it. Terminals without colour, and
// people who ask for none, get what is left after Bubble Tea has taken the
// colours out, bold, italic and underline, and quotes around code, which has
// nothing but its colour otherwise.
type theme struct {
	brand  lipgloss.Style // the course, the selection, keys
	strong lipgloss.Style // titles
	faded  lipgloss.Style // what can wait
	good   lipgloss.Style
	bad    lipgloss.Style
	news   lipgloss.Style // notices and links
	code   lipgloss.Style
	quote  string // stands before and behind code in a text
}

func newTheme(dark, colourless bool) theme {
	quote := ""
	if colourless {
		quote = "`"
	}
	p := look.NewPalette(dark)
	ink := func(c color.Color) lipgloss.Style { return lipgloss.NewStyle().Foreground(c) }
	return theme{
		brand:  ink(p.Brass).Bold(true),
		strong: ink(p.Strong).Bold(true),
		faded:  ink(p.Faded),
		good:   ink(p.Green).Bold(true),
		bad:    ink(p.Red).Bold(true),
		news:   ink(p.Blue),
		code:   ink(p.Teal),
		quote:  quote,
	}
}

// bar draws how far the learner is.
func (t *theme) bar(done, all, width int) string {
	return look.Bar(done, all, width, t.brand, t.faded)
}
