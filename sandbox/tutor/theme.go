package tutor

import (
	"strings"

	"charm.land/lipgloss/v2"
)

// theme is the styles of all screens, brass and ink. No style is the only sign
// of anything: there is always a word or a sign beside it. Terminals without
// colour, and people who ask for none, get what is left after Bubble Tea has
// taken the colours out: bold, italic and underline.
type theme struct {
	brand  lipgloss.Style // the course, the selection, keys
	strong lipgloss.Style // titles
	faded  lipgloss.Style // what can wait
	good   lipgloss.Style
	bad    lipgloss.Style
	news   lipgloss.Style // notices and links
	code   lipgloss.Style
}

func newTheme(dark bool) theme {
	pick := lipgloss.LightDark(dark)
	ink := func(light, dark string) lipgloss.Style {
		return lipgloss.NewStyle().Foreground(pick(lipgloss.Color(light), lipgloss.Color(dark)))
	}
	return theme{
		brand:  ink("#7A4F00", "#E3B565").Bold(true),
		strong: ink("#1B1F24", "#ECEFF4").Bold(true),
		faded:  ink("#5B6168", "#A0A6AE"),
		good:   ink("#2F6B1E", "#98C379").Bold(true),
		bad:    ink("#A8201A", "#F09383").Bold(true),
		news:   ink("#1F4E9C", "#8DB4EA"),
		code:   ink("#00616B", "#79C7C0"),
	}
}

// The signs. All of them are one column wide and none has an emoji form, so
// that no terminal draws them in two.
const (
	signBrand  = "▌"
	signCursor = "›"
	signRight  = "✓"
	signWrong  = "✗"
	signNotice = "i"
)

// bar draws done of all in width columns; thick and thin show it without
// colour.
func (t *theme) bar(done, all, width int) string {
	n := 0
	if all > 0 && done > 0 {
		n = min(width, max(1, done*width/all))
	}
	return t.brand.Render(strings.Repeat("━", n)) + t.faded.Render(strings.Repeat("─", width-n))
}
