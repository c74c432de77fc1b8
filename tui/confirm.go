package tui

import (
	"fmt"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"lectern/internal/look"
)

// confirm asks before another choice ends the running session.
type confirm struct {
	running Session
	course  Course
	stage   Stage
}

func (c *confirm) title() string        { return "Replace the session?" }
func (c *confirm) progress() (_, _ int) { return 0, 0 }
func (c *confirm) rows() *list          { return nil }
func (c *confirm) keys() []key.Binding  { return []key.Binding{keyReturn, keyReplace, keyBack} }

func (c *confirm) press(a *App, k tea.KeyPressMsg) tea.Cmd {
	switch {
	case key.Matches(k, keyReturn):
		return a.resume()
	case key.Matches(k, keyReplace):
		return a.launch(Choice{CourseID: c.course.ID, Stage: c.stage.Number, Replace: true}, c.course.Title, c.stage.Title)
	case key.Matches(k, keyBack):
		a.back()
	}
	return nil
}

func (c *confirm) lines(p page) []string {
	t := p.theme
	running := p
	running.width = min(p.width-2, maxText)
	var out []string
	add := func(lines ...string) {
		for _, l := range lines {
			out = append(out, " "+l)
		}
	}
	text := func(format string, args ...any) []string {
		return shorten(wrap(fmt.Sprintf(format, args...), running.width), 2, running.width)
	}
	blank := func() {
		if p.height > 9 {
			out = append(out, "")
		}
	}
	blank()
	add(text("A session is running in %s, stage %d.", look.OneLine(c.running.CourseTitle), c.running.Stage)...)
	blank()
	enter := "go back to it"
	if c.running.Attached {
		enter += "; the other terminal is let go"
	}
	add(running.option("Enter", enter)...)
	add(running.option("n", fmt.Sprintf("end it and start %s, stage %d", look.OneLine(c.course.Title), c.stage.Number))...)
	add(running.option("Esc", "back to the list")...)
	blank()
	add(each(t.faded, text("Only one session can run at a time. Stages that are done stay done."))...)
	return out
}

// option is a key that answers a question, and what it does.
func (p page) option(name, words string) []string {
	out := shorten(wrap(words, p.width-8), 2, p.width-8)
	for i, l := range out {
		label := ""
		if i == 0 {
			label = "[" + name + "]"
		}
		out[i] = p.theme.help.ShortKey.Render(look.Fill(label, 8)) + l
	}
	return out
}
