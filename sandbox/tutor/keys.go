package tutor

import (
	"strings"

	tea "charm.land/bubbletea/v2"
)

// press handles a key.
func (m *model) press(k tea.KeyPressMsg) tea.Cmd {
	key := k.String()
	switch {
	case m.leaving:
		return m.pressLeaving(key)
	case m.help:
		m.help = false
		return nil
	case key == "ctrl+c":
		m.leaving = true
		return nil
	case m.mode == asking && m.free():
		return m.pressAnswer(k)
	case key == "q" || key == "ㅂ":
		if m.mode == finished {
			return tea.Quit
		}
		m.leaving = true
		return nil
	case key == "?":
		m.help = true
		return nil
	case m.pressScroll(key):
		return nil
	}
	switch m.mode {
	case reading:
		return m.pressPage(key)
	case asking:
		return m.pressChoice(key)
	case judging:
		return m.pressJudge(key)
	case answered:
		if key == "enter" || key == "space" || key == "n" || key == "right" {
			return m.next()
		}
	case finishing:
		switch key {
		case "enter":
			return m.complete()
		case "p", "left", "backspace":
			m.turn(len(m.stage.Concepts) - 1)
		}
	case saving:
		if key == "enter" && m.saveError != "" {
			return m.complete()
		}
	case finished:
		if key == "enter" || key == "space" || key == "esc" {
			return tea.Quit
		}
	}
	return nil
}

func (m *model) pressLeaving(key string) tea.Cmd {
	switch key {
	case "y", "enter", "ctrl+c", "q", "ㅛ":
		m.cancel()
		return tea.Quit
	case "n", "esc", "ㅜ":
		m.leaving = false
	}
	return nil
}

func (m *model) pressPage(key string) tea.Cmd {
	switch key {
	case "space", "pgdown":
		if m.more() {
			m.scroll(m.room() - 2)
			return nil
		}
		m.turn(m.place.Page + 1)
	case "enter", "right", "n", "l", "ㅜ":
		m.turn(m.place.Page + 1)
	case "left", "p", "h", "backspace", "ㅔ":
		m.turn(m.place.Page - 1)
	}
	return nil
}

// pressScroll moves within the text. Arrows move the cursor where there is one.
func (m *model) pressScroll(key string) bool {
	choosing := m.mode == asking
	switch {
	case key == "j" || key == "ㅓ" || key == "down" && !choosing:
		m.scroll(1)
	case key == "k" || key == "ㅏ" || key == "up" && !choosing:
		m.scroll(-1)
	case key == "pgdown" && m.mode != reading || key == "ctrl+d":
		m.scroll(m.room() / 2)
	case key == "pgup" || key == "b" || key == "ctrl+u":
		m.scroll(-(m.room() - 2))
	case key == "g" || key == "home":
		m.scroll(-len(m.content()))
	case key == "G" || key == "end":
		m.scroll(len(m.content()))
	default:
		return false
	}
	return true
}

func (m *model) pressChoice(key string) tea.Cmd {
	options := m.question().Options
	switch key {
	case "up":
		m.cursor = (m.cursor + len(options) - 1) % len(options)
	case "down":
		m.cursor = (m.cursor + 1) % len(options)
	case "enter":
		m.answer(options[m.cursor])
	case "left", "backspace":
		if len(m.stage.Concepts) > 0 {
			m.turn(len(m.stage.Concepts) - 1)
		}
	default:
		if len(key) != 1 {
			return nil
		}
		i := strings.Index("123456789", key)
		if i < 0 {
			i = strings.Index("abcdefghi", key)
		}
		if i >= 0 && i < len(options) {
			m.cursor = i
			m.answer(options[i])
		}
	}
	return nil
}

func (m *model) pressAnswer(k tea.KeyPressMsg) tea.Cmd {
	switch k.String() {
	case "enter":
		m.answer(string(m.typed))
	case "backspace":
		if len(m.typed) > 0 {
			m.typed = m.typed[:len(m.typed)-1]
		}
	case "ctrl+u":
		m.typed = nil
	case "esc":
		m.typed = nil
		if len(m.stage.Concepts) > 0 {
			m.turn(len(m.stage.Concepts) - 1)
		}
	case "pgdown":
		m.scroll(m.room() / 2)
	case "pgup":
		m.scroll(-m.room() / 2)
	default:
		if len(m.typed) < 2000 {
			m.typed = append(m.typed, []rune(k.Text)...)
		}
	}
	return nil
}

func (m *model) pressJudge(key string) tea.Cmd {
	switch key {
	case "y", "ㅛ":
		m.settle(true)
		return m.next()
	case "n", "ㅜ":
		m.settle(false)
		return m.next()
	}
	return nil
}
