package tutor

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"lectern/internal/hangul"
)

// pressed names a key as the switches of this package do.
func pressed(k tea.KeyPressMsg) string { return hangul.Latin(k).String() }

// hint is one entry of the line of keys.
type hint struct{ key, does string }

// hintLine draws as many of the hints as fit into width columns.
func (m *Model) hintLine(hints []hint, width int) string {
	var out string
	used := 0
	for _, h := range hints {
		need := len([]rune(h.key)) + 1 + len([]rune(h.does))
		if used > 0 {
			need += 2
		}
		if used+need > width {
			break
		}
		if used > 0 {
			out += "  "
		}
		out += m.theme.brand.Render(h.key) + " " + m.theme.faded.Render(h.does)
		used += need
	}
	return out
}

// hints are the keys that do something now, the most useful first. Those that
// a question on the screen names itself are not said twice.
func (m *Model) hints() []hint {
	switch {
	case m.overlay == leaving:
		return nil
	case m.overlay == helping:
		return []hint{{"any key", "back to the lesson"}}
	}
	common := []hint{{"?", "help"}, {"q", "leave"}}
	switch m.screen() {
	case overview:
		return append([]hint{{"enter", "begin"}}, common...)
	case reading:
		if m.place.Begun {
			return slices.Concat([]hint{{"enter", "next"}}, common, []hint{{"p", "back"}, {"esc", "question"}})
		}
		return slices.Concat([]hint{{"enter", "next"}}, common, []hint{{"p", "back"}})
	case finishing:
		return slices.Concat([]hint{{"enter", "finish"}}, common, []hint{{"p", "back"}})
	case questioning:
		return m.questionHints(common)
	case saving:
		if m.failure != "" {
			return append([]hint{{"enter", "try again"}}, common...)
		}
		return common
	}
	return []hint{{"enter", "stages"}}
}

func (m *Model) questionHints(common []hint) []hint {
	switch {
	case m.place.Quiz.Phase == checking:
		return append(common, hint{"p", "reread"})
	case m.place.Quiz.Phase != asking:
		return append([]hint{{"enter", "go on"}}, common...)
	case m.typing():
		return []hint{{"enter", "answer"}, {"esc", "reread"}, {"ctrl+c", "leave"}, {"alt+enter", "new line"}}
	}
	n := len(m.question().Options)
	choose := hint{"1-" + string(rune('0'+min(n, 9))), "answer"}
	if n > 9 {
		choose = hint{"enter", "answer"}
	}
	return slices.Concat([]hint{choose}, common, []hint{{"p", "reread"}})
}

// helpText is the help overlay, as Markdown.
const helpText = `## Keys

**Reading**

- **Enter**, **n** or **→**: the next page
- **p** or **←**: the page before
- **space**: down one screen, then the next page
- **j k**, **↓ ↑**: one line down or up
- **PgDn PgUp**: one screen down or up
- **g G**, **Home End**: the first or last line

**Questions**

- **1 2 3** or **a b c**: answer with that option
- **↓ ↑**, then **Enter**: the same
- Written answers: **Enter** answers, **Alt+Enter** begins a new line
- **p** or **Esc**: read the page again; **Esc** there returns

**q** or **Ctrl+C** leaves. What you have done is kept.
`
