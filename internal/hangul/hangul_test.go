package hangul

import (
	"testing"

	tea "charm.land/bubbletea/v2"
)

func TestLatin(t *testing.T) {
	for _, tt := range []struct {
		press tea.KeyPressMsg
		want  string
	}{
		{tea.KeyPressMsg{Code: 'ㅂ', Text: "ㅂ"}, "q"},
		{tea.KeyPressMsg{Code: 'ㅊ', Mod: tea.ModCtrl}, "ctrl+c"},
		{tea.KeyPressMsg{Code: 'q', Text: "q"}, "q"},
		{tea.KeyPressMsg{Code: '가', Text: "가"}, "가"},
		{tea.KeyPressMsg{Code: tea.KeyEnter}, "enter"},
	} {
		if got := Latin(tt.press).String(); got != tt.want {
			t.Errorf("%+v is pressed as %q, want %q", tt.press, got, tt.want)
		}
	}
}

func TestEveryKeyHasALetterOfItsOwn(t *testing.T) {
	seen := map[rune]bool{}
	for _, latin := range letters {
		seen[latin] = true
	}
	if len(seen) != 26 || len(letters) != 26 {
		t.Errorf("%d keys have %d letters, want 26 each", len(letters), len(seen))
	}
}
