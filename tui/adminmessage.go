package tui

import (
	"context"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"lectern/internal/look"
)

// maxMessage bounds a message, in letters: it has one line of a learner's screen.
const maxMessage = 200

// letter is a message that is being written to one learner, or to all.
type letter struct {
	admin *Admin
	to    *guest // nil for all
	text  entry
}

func newLetter(to guest) *letter {
	return &letter{to: &to, text: entry{limit: maxMessage}}
}

// writeAll opens a message to everybody.
func (a *Admin) writeAll() tea.Cmd {
	if len(a.room.Sessions) == 0 {
		a.hint = "There is nobody to tell it."
		return nil
	}
	a.open(&letter{admin: a, text: entry{limit: maxMessage}})
	return nil
}

func (l *letter) title() string {
	if l.to == nil {
		return "Message to all"
	}
	return "Message to " + l.to.Login
}

func (l *letter) rows() *list         { return nil }
func (l *letter) typed() *entry       { return &l.text }
func (l *letter) keys() []key.Binding { return []key.Binding{keySend, keyEscape} }

func (l *letter) press(a *Admin, k tea.KeyPressMsg) tea.Cmd {
	switch {
	case key.Matches(k, keyEscape):
		a.back()
	case key.Matches(k, keySend):
		return l.send(a)
	default:
		l.text.press(k)
	}
	return nil
}

func (l *letter) send(a *Admin) tea.Cmd {
	text := strings.TrimSpace(l.text.text)
	if text == "" {
		a.hint = "Type what the learner is to read."
		return nil
	}
	session, name, done := "", "Telling everybody", "Everybody was told."
	if l.to != nil {
		session, name, done = l.to.Session, "Telling "+l.to.Login, l.to.Login+" was told."
	}
	return a.do(deed{
		name: name,
		call: func(ctx context.Context) error { return a.options.Message(ctx, session, text) },
		done: func() string { return done },
	})
}

func (l *letter) lines(p page) []string {
	f := newForm(p)
	f.blank()
	f.say(p.theme.strong, l.reaches())
	f.gap()
	f.entry(p.theme.selected.Render(look.SignCursor)+" ", &l.text)
	if n := l.text.letters(); n > maxMessage*3/4 {
		f.add("  " + p.theme.faded.Render(of(n, maxMessage)+" letters"))
	}
	f.gap()
	f.say(p.theme.faded, "It is shown as one line of plain text, in a way that leaves the screen of the lesson as it is.")
	return f.out
}

// reaches says whom the message reaches.
func (l *letter) reaches() string {
	if l.to != nil {
		g := *l.to
		switch g.condition() {
		case connected:
			return g.Login + " is connected and will see it at once."
		case silent:
			return g.Login + "'s sandbox does not answer: the message may get lost."
		}
		return g.Login + " is away: nobody may be there to read it."
	}
	var here []string
	gone := 0
	for _, s := range l.admin.room.Sessions {
		if s.Connected {
			here = append(here, s.Login)
		} else {
			gone++
		}
	}
	text := "It reaches " + count(len(here), "learner", "learners")
	if len(here) > 0 {
		text += ": " + strings.Join(here, ", ")
	}
	text += "."
	if gone > 0 {
		text += " " + count(gone, "session has", "sessions have") + " nobody at the terminal."
	}
	return text
}
