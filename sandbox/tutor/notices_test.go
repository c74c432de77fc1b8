package tutor

import (
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
)

// shows wants text on the screen, whatever else is there.
func (l *lesson) shows(text string) {
	l.t.Helper()
	if shown := l.shown(); !strings.Contains(shown, text) {
		l.t.Fatalf("%q is not on the screen:\n%s", text, shown)
	}
}

func (l *lesson) hides(text string) {
	l.t.Helper()
	if shown := l.shown(); strings.Contains(shown, text) {
		l.t.Fatalf("%q is on the screen:\n%s", text, shown)
	}
}

// written leads to the field for an answer, the cursor in it.
func written(l *lesson) { l.keys("enter", "enter", "enter", "2", "enter") }

// TestNoticeOutlastsTyping: who types reads what they type, and not the line
// below, so that a key takes a notice away only once there was time to read it.
func TestNoticeOutlastsTyping(t *testing.T) {
	l := begin(t, 1, "", true)
	written(l)
	l.do(noticeMsg("Come to my desk"))
	for range int(noticeFor / (150 * time.Millisecond)) {
		l.at = l.at.Add(150 * time.Millisecond)
		l.keys("x")
		l.shows("i Come to my desk")
	}
	l.at = l.at.Add(150 * time.Millisecond)
	l.keys("y")
	l.hides("desk")
	if answer := l.field.Value(); !strings.HasSuffix(answer, "xxy") {
		t.Errorf("what was typed is %q", answer)
	}
}

// TestNoticeWaitsForTheLearner: time alone takes nothing away, and what is pasted
// comes from somebody who is there.
func TestNoticeWaitsForTheLearner(t *testing.T) {
	l := begin(t, 1, "", true)
	written(l)
	l.do(noticeMsg("Come to my desk"))
	l.at = l.at.Add(time.Hour)
	l.do(secondMsg{})
	l.shows("Come to my desk")
	l.do(tea.PasteMsg{Content: "pasted"})
	l.hides("desk")
}

// TestNoticesQueue: each has its time, in order, and one that is there already
// comes once.
func TestNoticesQueue(t *testing.T) {
	l := begin(t, 1, "", true)
	for _, text := range []string{"first", "second", "third", "second"} {
		l.do(noticeMsg(text))
	}
	for _, want := range []string{"i first", "i second", "i third"} {
		l.shows(want)
		l.keys("j")
		l.shows(want)
		l.at = l.at.Add(noticeFor)
		l.keys("k")
		l.hides(want)
	}
	l.hides("second")
}

func TestNoticesAreBounded(t *testing.T) {
	l := begin(t, 1, "", true)
	for i := range 3 * noticesKept {
		l.do(noticeMsg(fmt.Sprintf("news %d.", i)))
	}
	l.shows("i news 0.")
	l.shows(fmt.Sprintf("+%d more", noticesKept-1))
	l.at = l.at.Add(noticeFor)
	l.keys("j")
	l.shows(fmt.Sprintf("i news %d.", 2*noticesKept+1))
	l.shows(fmt.Sprintf("+%d more", noticesKept-2))
}

// TestNoticeOnNewTerminal: the time in which nobody, or another terminal, was
// there does not count, nor does that of a window too small for it.
func TestNoticeOnNewTerminal(t *testing.T) {
	l := begin(t, 1, "", true)
	l.do(noticeMsg("Come to my desk"))
	l.at = l.at.Add(time.Hour)
	l.do(tea.WindowSizeMsg{Width: 80, Height: 24}) // who comes back says so by that
	l.keys("j")
	l.shows("Come to my desk")
	l.do(tea.WindowSizeMsg{Width: 10, Height: 4})
	l.at = l.at.Add(time.Hour)
	l.keys("j")
	l.do(tea.WindowSizeMsg{Width: 80, Height: 24})
	l.shows("Come to my desk")
	l.at = l.at.Add(noticeFor)
	l.keys("j")
	l.hides("desk")
}

// TestRemarkBesideNotice: what the tutor has to say to a key goes with the next
// one, and takes nothing from what others tell.
func TestRemarkBesideNotice(t *testing.T) {
	l := begin(t, 1, "", true)
	l.do(tea.WindowSizeMsg{Width: 40, Height: 15})
	l.keys("enter", "enter", "enter")
	l.do(noticeMsg("Come to my desk"))
	l.keys("enter")
	l.shows("i Come to my desk")
	l.shows("i Please choose an answer first")
	l.keys("down")
	l.shows("i Come to my desk")
	l.hides("Please choose")
}

// TestNoticeCoversNothing of the question and the field, at any size that shows
// anything: they can be reached as without it.
func TestNoticeCoversNothing(t *testing.T) {
	long := noticeMsg(strings.Repeat("There is much to say. ", 100))
	for _, size := range []tea.WindowSizeMsg{{Width: 80, Height: 24}, {Width: 40, Height: 15}, {Width: 30, Height: 8}} {
		t.Run(fmt.Sprintf("%dx%d", size.Width, size.Height), func(t *testing.T) {
			l := begin(t, 1, "", true)
			l.do(size)
			written(l)
			l.do(long)
			l.do(noticeMsg("another"))
			l.keys("mine")
			l.shows("i There is much")
			l.shows("+1 more")
			l.shows("Your answer\n")
			l.shows("│ mine\n")
			if l.View().Cursor == nil {
				t.Error("the cursor has left the field")
			}
			lastOfQuestion := "far side?"
			for range 10 {
				l.keys("pgdown")
			}
			l.shows(lastOfQuestion)
			for range 10 {
				l.keys("pgup")
			}
			l.shows("Question 2\n")
			l.keys("enter")
			l.shows("y yes   n not yet")
			l.keys("q")
			l.shows("enter or y leave   n stay")
		})
	}
}

// TestNoticeKeepsTheChoiceInView where it takes the room.
func TestNoticeKeepsTheChoiceInView(t *testing.T) {
	l := begin(t, 1, "", true)
	l.do(tea.WindowSizeMsg{Width: 40, Height: 15})
	l.keys("enter", "enter", "enter", "down", "down", "down")
	l.do(noticeMsg(strings.Repeat("There is much to say. ", 9)))
	l.shows("› 3  Four")
	l.shows("↑")
}

func TestNoticeWithoutColours(t *testing.T) {
	l := begin(t, 1, "", true)
	l.do(tea.ColorProfileMsg{Profile: colorprofile.ASCII})
	l.do(noticeMsg("Come to my desk"))
	l.do(noticeMsg("Now"))
	l.shows("i Come to my desk")
	l.shows("+1 more")
}
