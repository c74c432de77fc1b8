package tutor

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
)

// TestKeyForMore: what the line above the keys promises is true everywhere.
func TestKeyForMore(t *testing.T) {
	for name, keys := range map[string][]string{
		"overview":   {},
		"page":       {"enter"},
		"question":   {"enter", "enter", "enter"},
		"verdict":    {"enter", "enter", "enter", "1", "home"},
		"self-check": {"enter", "enter", "enter", "2", "enter", "mine", "enter", "home"},
		"typing":     {"enter", "enter", "enter", "2", "enter", "mine"},
		"help":       {"?"},
	} {
		t.Run(name, func(t *testing.T) {
			l := begin(t, 1, "", true)
			l.do(tea.WindowSizeMsg{Width: 32, Height: 8})
			l.keys(keys...)
			before := l.shown()
			key := "space"
			if name == "typing" {
				key = "pgdown"
			}
			if want := " below: " + strings.Replace(key, "pgdown", "pgdn", 1); !strings.Contains(before, want) {
				t.Fatalf("%q is not promised:\n%s", want, before)
			}
			if l.keys(key); l.shown() == before {
				t.Errorf("%s does not scroll:\n%s", key, before)
			}
		})
	}
	l := begin(t, 1, "", true)
	finishFirst(l)
	l.do(deliveredMsg{id: l.place.Completion})
	l.do(tea.WindowSizeMsg{Width: 32, Height: 8})
	if l.keys("space"); !strings.Contains(l.shown(), "more above") || l.quit {
		t.Errorf("the end of a stage cannot be scrolled:\n%s", l.shown())
	}
}

func TestResizeKeepsPlace(t *testing.T) {
	l := begin(t, 1, "", true)
	l.do(tea.WindowSizeMsg{Width: 80, Height: 12})
	l.keys("enter", "pgdown", "pgdown")
	want := l.offset
	for _, w := range []int{40, 33, 120, 61, 80} {
		l.do(tea.WindowSizeMsg{Width: w, Height: 12})
	}
	if l.offset != want {
		t.Errorf("offset %d after resizes, want %d", l.offset, want)
	}
}
