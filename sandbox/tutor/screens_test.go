package tutor

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"lectern/internal/look"
)

var update = flag.Bool("update", false, "write the golden files anew")

// shown is the screen as text; it fails where a line does not fit.
func (l *lesson) shown() string {
	l.t.Helper()
	lines := strings.Split(l.View().Content, "\n")
	if len(lines) > l.height {
		l.t.Errorf("%d lines in a terminal of %d", len(lines), l.height)
	}
	for i, line := range lines {
		if w := lipgloss.Width(line); w > l.width {
			l.t.Errorf("line %d is %d columns wide in a terminal of %d: %q", i, w, l.width, line)
		}
		lines[i] = strings.TrimRight(ansi.Strip(line), " ")
	}
	return strings.Join(lines, "\n") + "\n"
}

// TestScreens compares every kind of screen with a file, at the size most
// people have and at the smallest that is meant to be pleasant.
func TestScreens(t *testing.T) {
	screens := []struct {
		name  string
		stage int
		walk  func(*lesson)
	}{
		{"overview", 1, func(l *lesson) {}},
		{"page", 1, func(l *lesson) { l.keys("enter") }},
		{"page-scrolled", 1, func(l *lesson) { l.keys("enter", "end") }},
		{"notice", 1, func(l *lesson) {
			l.keys("enter")
			l.do(noticeMsg("The gateway restarts at noon. Your session goes on, and nothing is lost."))
		}},
		{"notices-typing", 1, func(l *lesson) {
			written(l)
			l.do(noticeMsg("grace: Please look at the board, the second answer is explained there."))
			l.do(noticeMsg("This session is recorded."))
			l.do(noticeMsg("10 minutes left in this session. Your place is kept when it ends."))
			l.keys("It is pulled less.")
		}},
		{"watched", 1, func(l *lesson) {
			l.keys("enter")
			l.do(watchedMsg("grace watches"))
		}},
		{"watched-by-many", 1, func(l *lesson) {
			l.keys("enter")
			l.do(watchedMsg("grace, linus-who-has-a-long-name and mary-with-an-even-longer-one watch"))
			l.do(noticeMsg("The gateway restarts at noon. Your session goes on, and nothing is lost."))
		}},
		{"quiz", 1, func(l *lesson) { l.keys("enter", "enter", "enter", "down") }},
		{"wrong", 1, func(l *lesson) { l.keys("enter", "enter", "enter", "1") }},
		{"right", 1, func(l *lesson) { l.keys("enter", "enter", "enter", "2") }},
		{"wrong-twice", 1, func(l *lesson) {
			l.keys("enter", "enter", "enter", "1", "enter", "less pull", "enter", "y", "enter", "3")
		}},
		{"typing", 1, func(l *lesson) { l.keys("enter", "enter", "enter", "2", "enter", "It is pulled less.") }},
		{"self-check", 1, func(l *lesson) {
			l.keys("enter", "enter", "enter", "2", "enter", "It is pulled less.", "enter")
		}},
		{"saving", 1, func(l *lesson) {
			finishFirst(l)
			l.at = l.at.Add(7 * time.Second)
			l.do(secondMsg{})
		}},
		{"not-saved", 1, func(l *lesson) {
			finishFirst(l)
			l.do(deliveredMsg{id: l.place.Completion, err: errLinkClosed})
		}},
		{"complete", 1, func(l *lesson) {
			finishFirst(l)
			l.do(deliveredMsg{id: l.place.Completion})
		}},
		{"leave", 1, func(l *lesson) { l.keys("enter", "q") }},
		{"help", 1, func(l *lesson) { l.keys("enter", "?") }},
		{"korean-overview", 2, func(l *lesson) {}},
		{"korean-page", 2, func(l *lesson) { l.keys("enter") }},
		{"korean-wrong", 2, func(l *lesson) { l.keys("enter", "enter", "1") }},
		{"finish", 3, func(l *lesson) { l.keys("enter", "enter") }},
	}
	for _, size := range []tea.WindowSizeMsg{{Width: 80, Height: 24}, {Width: 40, Height: 15}} {
		for _, s := range screens {
			name := fmt.Sprintf("%s-%dx%d", s.name, size.Width, size.Height)
			t.Run(name, func(t *testing.T) {
				l := begin(t, s.stage, "", true)
				l.do(size)
				s.walk(l)
				golden(t, name, l.shown())
			})
		}
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the screen has changed; look at it and run with -update if it is meant.\ngot:\n%s\nwant:\n%s", got, want)
	}
}

// finishFirst answers all questions of the first stage rightly.
func finishFirst(l *lesson) {
	l.keys("enter", "enter", "enter", "2", "enter", "less pull", "enter", "y", "enter")
}

// TestEverySizeFits walks through a lesson at many sizes; shown complains of
// every line that does not fit.
func TestEverySizeFits(t *testing.T) {
	for w := 1; w <= 130; w += 7 {
		for h := 1; h <= 40; h += 3 {
			l := begin(t, 1, "", true)
			l.do(tea.WindowSizeMsg{Width: w, Height: h})
			if (w+h)%2 == 0 {
				l.do(watchedMsg(strings.Repeat("grace and ", w%5) + "linus watch"))
			}
			for _, key := range []string{"enter", "end", "?", "esc", "enter", "enter", "2", "enter", "some words", "q", "n", "enter", "y", "enter"} {
				l.keys(key)
				text := l.shown()
				if small := !look.Roomy(w, h); small != strings.HasPrefix(text, "Term") && w >= 8 {
					t.Fatalf("%d×%d after %s: is it too small?\n%s", w, h, key, text)
				}
			}
			l.do(deliveredMsg{id: l.place.Completion, err: errors.New("x")})
			l.shown()
		}
	}
}

func TestLightAndDarkDiffer(t *testing.T) {
	l := begin(t, 1, "", true)
	dark := l.View().Content
	l.do(tea.BackgroundColorMsg{Color: lipgloss.Color("#ffffff")})
	light := l.View().Content
	if dark == light {
		t.Error("a light background has the colours of a dark one")
	}
	if ansi.Strip(dark) != ansi.Strip(light) {
		t.Error("the colours have changed the text")
	}
}

func TestCodeIsQuotedWithoutColours(t *testing.T) {
	l := begin(t, 1, "", true)
	l.keys("enter")
	if text := l.shown(); strings.Contains(text, "`stretches`") {
		t.Errorf("code is quoted though it has a colour:\n%s", text)
	}
	l.do(tea.ColorProfileMsg{Profile: colorprofile.ASCII})
	if text := l.shown(); !strings.Contains(text, "`stretches`") {
		t.Errorf("code is like any other word:\n%s", text)
	}
}

// TestLongNotice covers the text rather than being cut, up to half of it.
func TestLongNotice(t *testing.T) {
	l := begin(t, 1, "", true)
	l.do(tea.WindowSizeMsg{Width: 40, Height: 15})
	l.keys("enter")
	l.do(noticeMsg("The gateway restarts at noon. Your session goes on, and nothing is lost."))
	if text := l.shown(); !strings.Contains(text, " i The gateway restarts at noon. Your\n   session goes on, and nothing is\n   lost. ") {
		t.Errorf("got\n%s", text)
	}
	l.at = l.at.Add(noticeFor)
	l.keys("j", "k")
	l.do(noticeMsg(strings.Repeat("There is much to say. ", 100)))
	if text := l.shown(); strings.Count(text, "There is much") != 6 || !strings.Contains(text, "The pull of the moon") {
		t.Errorf("got\n%s", text)
	}
}

// TestWatchedScreenSaysSo for as long as somebody looks on, whatever is done and
// whatever else there is to say.
func TestWatchedScreenSaysSo(t *testing.T) {
	for _, size := range []tea.WindowSizeMsg{{Width: 80, Height: 24}, {Width: 40, Height: 15}, {Width: 30, Height: 8}} {
		l := begin(t, 1, "", true)
		l.do(size)
		before := l.shown()
		l.do(watchedMsg("grace watches"))
		l.do(noticeMsg("Dinner at six"))
		for _, key := range []string{"enter", "?", "esc", "q", "n", "enter", "enter", "1", "p", "p", "p", "p", "p"} {
			l.at = l.at.Add(noticeFor / 4)
			if text := l.shown(); !strings.Contains(text, "● grace watches") {
				t.Errorf("%d×%d, before %s:\n%s", size.Width, size.Height, key, text)
			}
			l.keys(key)
		}
		l.do(watchedMsg(""))
		if after := l.shown(); after != before { // p has led back to where it began
			t.Errorf("when nobody watches any more there is\n%s\nand before there was\n%s", after, before)
		}
	}
}

func TestWindow(t *testing.T) {
	v := begin(t, 1, "", true).View()
	if want := "Stage 1 · Tides and Lighthouses"; v.WindowTitle != want {
		t.Errorf("title %q, want %q", v.WindowTitle, want)
	}
	if !v.AltScreen || v.MouseMode != tea.MouseModeNone {
		t.Error("the lesson must have its own screen and leave the mouse to the terminal")
	}
}

// TestCursorStandsInField: an input method shows its syllable at the cursor.
func TestCursorStandsInField(t *testing.T) {
	l := begin(t, 1, "", true)
	l.keys("enter", "enter", "enter", "2", "enter", "조석")
	v := l.View()
	if v.Cursor == nil {
		t.Fatal("there is no cursor in the field")
	}
	row := ansi.Strip(strings.Split(v.Content, "\n")[v.Cursor.Y])
	if before := ansi.Truncate(row, v.Cursor.X, ""); !strings.HasSuffix(before, "│ 조석") {
		t.Errorf("the cursor stands behind %q", before)
	}
}
