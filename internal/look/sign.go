package look

import (
	"strings"

	"charm.land/lipgloss/v2"
)

// The signs, which stand beside every colour that means something. All of them
// are one column wide and none has an emoji form, so that no terminal draws
// them in two.
const (
	SignBrand  = "▌"
	SignCursor = "›"
	SignDone   = "✓" // or right
	SignFailed = "✗" // or wrong
	SignNotice = "i"
	SignWatch  = "●" // somebody looks on
	SignMore   = "…"
)

// Bar draws done of all in width columns; thick and thin show it without
// colour, and a little is never drawn as nothing.
func Bar(done, all, width int, thick, thin lipgloss.Style) string {
	n := 0
	if all > 0 && done > 0 {
		n = min(width, max(1, done*width/all))
	}
	return thick.Render(strings.Repeat("━", n)) + thin.Render(strings.Repeat("─", width-n))
}

// Brand is the sign of the product with a name behind it, in the style of the name.
// The sign is not bold: where one style begins with a block, xterm.js takes all of
// it for a picture and corrects no contrast, which a terminal needs whose colours
// were changed since.
func Brand(style lipgloss.Style, name string) string {
	return style.Bold(false).Render(SignBrand) + style.Render(name)
}
