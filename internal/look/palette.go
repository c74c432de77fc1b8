package look

import (
	"image/color"

	"charm.land/lipgloss/v2"
)

// Palette is the colours of one kind of background: brass and ink. Every one
// of them is readable as text on that background.
type Palette struct {
	Brass  color.Color // the brand, the selection, keys
	Teal   color.Color // what may be done now, and code
	Green  color.Color // what is done or right
	Red    color.Color // what went wrong
	Blue   color.Color // plain news
	Faded  color.Color // what can wait
	Strong color.Color // titles
	Ink    color.Color // what is written on one of the others
}

// NewPalette returns the colours for a dark or a light background.
func NewPalette(dark bool) Palette {
	pick := lipgloss.LightDark(dark)
	of := func(light, dark string) color.Color {
		return pick(lipgloss.Color(light), lipgloss.Color(dark))
	}
	return Palette{
		Brass:  of("#7A4F00", "#E3B565"),
		Teal:   of("#00616B", "#79C7C0"),
		Green:  of("#2F6B1E", "#98C379"),
		Red:    of("#A8201A", "#F09383"),
		Blue:   of("#1F4E9C", "#8DB4EA"),
		Faded:  of("#5B6168", "#A0A6AE"),
		Strong: of("#1B1F24", "#ECEFF4"),
		Ink:    of("#FDFCFA", "#14161A"),
	}
}
