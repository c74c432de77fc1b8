package page_test

import (
	"fmt"
	"image/color"
	"io/fs"
	"strings"
	"testing"

	"lectern/internal/look"
	"lectern/web/page"
)

// TestColours holds the page to the colours of the screens it surrounds.
func TestColours(t *testing.T) {
	css, err := fs.ReadFile(page.Files, "style.css")
	if err != nil {
		t.Fatal(err)
	}
	light, dark := look.NewPalette(false), look.NewPalette(true)
	for name, c := range map[string][2]color.Color{
		"brass": {light.Brass, dark.Brass}, "teal": {light.Teal, dark.Teal}, "green": {light.Green, dark.Green},
		"red": {light.Red, dark.Red}, "blue": {light.Blue, dark.Blue},
		"faded": {light.Faded, dark.Faded}, "strong": {light.Strong, dark.Strong}, "ink": {light.Ink, dark.Ink},
	} {
		want := fmt.Sprintf("light-dark(%s, %s);", hex(c[0]), hex(c[1]))
		_, rest, _ := strings.Cut(string(css), "--"+name+":")
		got, _, _ := strings.Cut(rest, "\n")
		if got = strings.TrimSpace(got); got != want {
			t.Errorf("style.css has --%s: %s, and internal/look has %s", name, got, want)
		}
	}
}

func hex(c color.Color) string {
	r, g, b, _ := c.RGBA()
	return fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8)
}
