package tutor

import (
	"strings"

	"charm.land/bubbles/v2/key"
	"charm.land/bubbles/v2/textarea"
	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"lectern/course"
)

// maxAnswer is the longest free response, in characters.
const maxAnswer = 4000

// newField is the field for free responses. Enter answers, so another key
// begins a line; the terminal's own cursor is used because that is where an
// input method shows the syllable that is being composed.
func newField() textarea.Model {
	f := textarea.New()
	f.Prompt = "│ "
	f.ShowLineNumbers = false
	f.CharLimit = maxAnswer
	f.SetVirtualCursor(false)
	f.KeyMap.InsertNewline = key.NewBinding(key.WithKeys("alt+enter", "ctrl+j", "shift+enter"))
	f.Focus()
	return f
}

func (m *Model) sizeField() {
	m.field.SetWidth(m.textWidth())
	m.field.SetHeight(max(1, min(5, m.wholeBody()/4)))
}

func (m *Model) paintField() {
	plain := lipgloss.NewStyle()
	look := textarea.StyleState{
		Base: plain, Text: plain, CursorLine: plain, EndOfBuffer: plain,
		Placeholder: m.theme.faded, Prompt: m.theme.brand, Selection: plain.Reverse(true),
	}
	m.field.SetStyles(textarea.Styles{Focused: look, Blurred: look, Cursor: textarea.CursorStyle{Shape: tea.CursorBlock, Blink: true}})
}

// keyInField types a free response.
func (m *Model) keyInField(k tea.KeyPressMsg, name string) tea.Cmd {
	switch name {
	case "esc":
		m.reread()
	case "pgdown":
		m.scroll(max(1, m.scrollHeight()-1))
	case "pgup":
		m.scroll(-max(1, m.scrollHeight()-1))
	case "enter":
		m.submit()
	default:
		m.edit(k)
	}
	return nil
}

// edit hands a key or pasted text to the field. What comes back from it only
// makes a cursor of its own blink, and the terminal's is used here.
func (m *Model) edit(msg tea.Msg) {
	m.unclear = false
	m.field, _ = m.field.Update(msg)
	m.place.Quiz.Answer = m.field.Value()
}

// submit grades a free response, as far as it can be graded.
func (m *Model) submit() {
	m.place.Quiz.Answer = m.field.Value()
	if strings.TrimSpace(m.place.Quiz.Answer) == "" {
		m.unclear = true
		return
	}
	m.place.At, m.offset = 0, 0
	switch m.question().Grade(m.place.Quiz.Answer) {
	case course.Right:
		m.judge(true)
	case course.Wrong:
		m.judge(false)
	case course.Unsure:
		m.place.Quiz.Phase = checking
		m.kept()
		m.reveal()
	default:
		m.unclear = true
	}
}
