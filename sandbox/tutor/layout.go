package tutor

import (
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
)

// wrap breaks text into lines of at most width columns, between words where
// it can. Wide characters count as two.
func wrap(text string, width int) []string {
	return strings.Split(ansi.Wrap(text, max(1, width), " -"), "\n")
}

// hang wraps text behind a lead, with the further lines below the text.
func hang(lead, text string, width int) []string {
	indent := lipgloss.Width(lead)
	lines := wrap(text, width-indent)
	for i := range lines {
		if i == 0 {
			lines[i] = lead + lines[i]
		} else {
			lines[i] = strings.Repeat(" ", indent) + lines[i]
		}
	}
	return lines
}

func (m *model) paragraph(text string, width int) []string { return wrap(text, width) }

// markdown lays Markdown out without the blank lines around it.
func (m *model) markdown(text string, width int) []string {
	lines := strings.Split(m.theme.render(text, width), "\n")
	for len(lines) > 0 && blank(lines[0]) {
		lines = lines[1:]
	}
	for len(lines) > 0 && blank(lines[len(lines)-1]) {
		lines = lines[:len(lines)-1]
	}
	return lines
}

func blank(line string) bool { return strings.TrimSpace(ansi.Strip(line)) == "" }
