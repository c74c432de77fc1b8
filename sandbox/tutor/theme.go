package tutor

import (
	"fmt"
	"image/color"

	"charm.land/glamour/v2"
	"charm.land/glamour/v2/ansi"
	"charm.land/lipgloss/v2"
)

// theme is the look of the lesson: brass and ink, as in the picker.
type theme struct {
	brand, title, plain, faded, selected, good, bad, notice lipgloss.Style
	markdown                                                ansi.StyleConfig
}

func newTheme(dark, noColor bool) theme {
	pick := lipgloss.LightDark(dark)
	paint := func(light, onDark string) (lipgloss.Style, string) {
		if noColor {
			return lipgloss.NewStyle(), ""
		}
		c := pick(lipgloss.Color(light), lipgloss.Color(onDark))
		return lipgloss.NewStyle().Foreground(c), hexOf(c)
	}
	brass, brassHex := paint("#7A4F00", "#E3B565")
	faded, fadedHex := paint("#5B6168", "#A0A6AE")
	strong, strongHex := paint("#1B1F24", "#ECEFF4")
	green, _ := paint("#2F6B1E", "#98C379")
	red, _ := paint("#A8201A", "#F09383")
	blue, _ := paint("#1F4E9C", "#8DB4EA")
	_, tealHex := paint("#00616B", "#79C7C0")
	return theme{
		brand: brass.Bold(true), title: strong.Bold(true), plain: lipgloss.NewStyle(), faded: faded,
		selected: brass.Bold(true), good: green.Bold(true), bad: red.Bold(true), notice: blue.Bold(true).Reverse(true),
		markdown: markdownStyle(brassHex, strongHex, tealHex, fadedHex),
	}
}

func hexOf(c color.Color) string {
	r, g, b, _ := c.RGBA()
	return fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8)
}

// markdownStyle is a plain page: no margins, no document background, and code
// without syntax colours, whose tables cost more start-up than all the rest.
func markdownStyle(brass, strong, teal, faded string) ansi.StyleConfig {
	ptr := func(s string) *string {
		if s == "" {
			return nil
		}
		return &s
	}
	yes, two := true, uint(2)
	bar := "│ "
	heading := ansi.StyleBlock{StylePrimitive: ansi.StylePrimitive{Color: ptr(brass), Bold: &yes, BlockSuffix: "\n"}}
	return ansi.StyleConfig{
		Heading:       heading,
		Strong:        ansi.StylePrimitive{Bold: &yes, Color: ptr(strong)},
		Emph:          ansi.StylePrimitive{Italic: &yes},
		Strikethrough: ansi.StylePrimitive{CrossedOut: &yes},
		HorizontalRule: ansi.StylePrimitive{
			Color: ptr(faded), Format: "\n────────\n",
		},
		BlockQuote:  ansi.StyleBlock{Indent: &[]uint{1}[0], IndentToken: &bar, StylePrimitive: ansi.StylePrimitive{Color: ptr(faded)}},
		List:        ansi.StyleList{LevelIndent: 2},
		Item:        ansi.StylePrimitive{BlockPrefix: "• "},
		Enumeration: ansi.StylePrimitive{BlockPrefix: ". "},
		Task:        ansi.StyleTask{Ticked: "[✓] ", Unticked: "[ ] "},
		Link:        ansi.StylePrimitive{Color: ptr(teal), Underline: &yes},
		LinkText:    ansi.StylePrimitive{Color: ptr(teal)},
		Code:        ansi.StyleBlock{StylePrimitive: ansi.StylePrimitive{Color: ptr(teal)}},
		CodeBlock: ansi.StyleCodeBlock{StyleBlock: ansi.StyleBlock{
			StylePrimitive: ansi.StylePrimitive{Color: ptr(teal)}, Margin: &two,
		}},
		Table:                 ansi.StyleTable{},
		DefinitionDescription: ansi.StylePrimitive{BlockPrefix: "\n"},
	}
}

// render lays Markdown out for a width. Text that the library cannot take is
// shown as it is.
func (t theme) render(markdown string, width int) string {
	r, err := glamour.NewTermRenderer(glamour.WithStyles(t.markdown), glamour.WithWordWrap(width))
	if err != nil {
		return markdown
	}
	out, err := r.Render(markdown)
	if err != nil {
		return markdown
	}
	return out
}
