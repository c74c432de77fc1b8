package tui

import (
	"testing"

	"github.com/charmbracelet/x/ansi"
)

func TestSignsAreOneColumn(t *testing.T) {
	for _, s := range append([]string{signRunning, signOpen, signLocked, signRecorded, "│"}, spin.Frames...) {
		if ansi.StringWidth(s) != 1 || ansi.StringWidthWc(s) != 1 {
			t.Errorf("%q is not one column wide", s)
		}
	}
}

func TestStatesDifferInSignAndWord(t *testing.T) {
	th := newTheme(true, false)
	seen := map[string]bool{}
	for _, s := range []struct {
		state   StageState
		running bool
	}{{Open, false}, {Done, false}, {Locked, false}, {Open, true}} {
		sign, word, _ := th.signOf(s.state, s.running)
		if seen[sign] || seen[word] {
			t.Errorf("%s %s is used twice", sign, word)
		}
		seen[sign], seen[word] = true, true
	}
	if noticeSign(Good) == noticeSign(Bad) || noticeSign(Bad) == noticeSign(Info) {
		t.Error("notices differ by colour only")
	}
}
