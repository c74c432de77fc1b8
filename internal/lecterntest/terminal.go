package lecterntest

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"
)

// Terminals are those of one tmux server, which ends with the test.
type Terminals struct {
	t    *testing.T
	tmux Tmux
}

// NewTerminals starts none yet; dir is where their commands run.
func NewTerminals(t *testing.T, dir string) *Terminals {
	t.Helper()
	socket, err := os.MkdirTemp("", "lectern-tmux-") // t.TempDir may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	w := &Terminals{t: t, tmux: Tmux{Socket: filepath.Join(socket, "s"), Dir: dir}}
	t.Cleanup(func() {
		_, _ = w.tmux.Run("kill-server")
		_ = os.RemoveAll(socket)
	})
	return w
}

// Open runs a command in a terminal of the size COLSxROWS.
func (w *Terminals) Open(name, size string, command ...string) *Terminal {
	w.t.Helper()
	if err := w.tmux.Open(name, size, command...); err != nil {
		w.t.Fatal(err)
	}
	return &Terminal{w, name}
}

// Terminal is a terminal in tmux, as a learner has one.
type Terminal struct {
	of   *Terminals
	name string
}

// Press presses keys, by tmux's names.
func (m *Terminal) Press(keys ...string) {
	m.of.t.Helper()
	if _, err := m.of.tmux.Run(append([]string{"send-keys", "-t", m.name}, keys...)...); err != nil {
		m.of.t.Fatal(err)
	}
}

// Type types text as it is.
func (m *Terminal) Type(text string) {
	m.of.t.Helper()
	m.Press("-l", text)
}

// Shows is what can be seen now.
func (m *Terminal) Shows() string {
	m.of.t.Helper()
	shown, err := m.of.tmux.Run("capture-pane", "-p", "-t", m.name)
	if err != nil {
		m.of.t.Fatal(err)
	}
	return shown
}

// Expect waits until the terminal shows what matches pattern.
func (m *Terminal) Expect(pattern string) {
	m.of.t.Helper()
	re := regexp.MustCompile("(?m)" + pattern)
	m.wait("to show "+pattern, re.MatchString)
}

// Prompt types a line at Claude Code's prompt and sends it. Claude Code takes a
// key that comes right behind others for a part of what is pasted, so the key that
// sends is pressed until the prompt is empty.
func (m *Terminal) Prompt(line string) {
	m.of.t.Helper()
	head := line
	if len(head) > 40 { // the rest may be in the next line
		head = head[:40]
	}
	typed := regexp.MustCompile(`(?m)^─+\n❯.` + regexp.QuoteMeta(head))
	there := func(want bool) func(string) bool {
		return func(shown string) bool { return typed.MatchString(shown) == want }
	}
	deadline := time.Now().Add(patience)
	until := func(want bool, keys func()) {
		m.of.t.Helper()
		for keys(); !m.await(2*time.Second, there(want)); keys() {
			if time.Now().After(deadline) {
				m.of.t.Fatalf("the prompt does not take %q; the terminal shows:\n%s", line, m.Shows())
			}
		}
	}
	until(true, func() {
		m.Press("C-u")
		m.Type(line)
	})
	until(false, func() { m.Press("Enter") })
}

// ExpectOther waits until the terminal shows something else than before.
func (m *Terminal) ExpectOther(before string) {
	m.of.t.Helper()
	m.wait("to change", func(shown string) bool { return shown != before })
}

// ExpectTitle waits until the window's title matches pattern.
func (m *Terminal) ExpectTitle(pattern string) {
	m.of.t.Helper()
	re := regexp.MustCompile(pattern)
	m.wait("to have the title "+pattern, func(string) bool {
		title, err := m.of.tmux.Run("display-message", "-p", "-t", m.name, "#{pane_title}")
		if err != nil {
			m.of.t.Fatal(err)
		}
		return re.MatchString(title)
	})
}

func (m *Terminal) wait(what string, done func(shown string) bool) {
	m.of.t.Helper()
	if !m.await(patience, done) {
		m.of.t.Fatalf("waited in vain for the terminal %s; it shows:\n%s", what, m.Shows())
	}
}

// await looks at the terminal until done, for so long.
func (m *Terminal) await(limit time.Duration, done func(shown string) bool) bool {
	m.of.t.Helper()
	for deadline := time.Now().Add(limit); ; time.Sleep(20 * time.Millisecond) {
		if done(m.Shows()) {
			return true
		}
		if time.Now().After(deadline) {
			return false
		}
	}
}
