package look

import (
	"image/color"
	"math"
	"testing"

	"charm.land/lipgloss/v2"
)

// TestContrast holds every colour to the 4.5 to 1 that WCAG asks of text, on
// the backgrounds that terminals commonly have.
func TestContrast(t *testing.T) {
	for dark, backgrounds := range map[bool][]string{
		true:  {"#000000", "#1e1e1e", "#282c34", "#002b36"},
		false: {"#ffffff", "#fdf6e3", "#eeeeee"},
	} {
		p := NewPalette(dark)
		for name, c := range map[string]color.Color{
			"brass": p.Brass, "teal": p.Teal, "green": p.Green, "red": p.Red, "blue": p.Blue, "faded": p.Faded, "strong": p.Strong,
		} {
			for _, b := range backgrounds {
				if r := contrast(c, lipgloss.Color(b)); r < 4.5 {
					t.Errorf("%s on %s has a contrast of %.1f", name, b, r)
				}
			}
			if r := contrast(p.Ink, c); r < 4.5 {
				t.Errorf("ink on %s has a contrast of %.1f", name, r)
			}
		}
	}
}

func contrast(a, b color.Color) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(c color.Color) float64 {
	linear := func(v uint32) float64 {
		s := float64(v) / 0xffff
		if s <= 0.03928 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	r, g, b, _ := c.RGBA()
	return 0.2126*linear(r) + 0.7152*linear(g) + 0.0722*linear(b)
}
