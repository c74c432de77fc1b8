package web

import (
	"io"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

// terminal is the gateway's end of one.
type terminal struct {
	t       *testing.T
	channel ssh.Channel
	user    string
	command string // empty: the shell
	environ map[string]string

	mu    sync.Mutex
	sizes []size
	over  bool
}

func (t *terminal) resized(s size) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sizes = append(t.sizes, s)
}

func (t *terminal) newest() size {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.sizes[len(t.sizes)-1]
}

func (t *terminal) hasEnded() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.over
}

func (t *terminal) print(text string) {
	t.t.Helper()
	if _, err := io.WriteString(t.channel, text); err != nil {
		t.t.Errorf("print: %v", err)
	}
}

// reads waits for what was typed.
func (t *terminal) reads(want string) {
	t.t.Helper()
	late := time.AfterFunc(patience, func() { _ = t.channel.Close() }) // which ends the reading
	defer late.Stop()
	buf := make([]byte, len(want))
	if _, err := io.ReadFull(t.channel, buf); err != nil || string(buf) != want {
		t.t.Errorf("the terminal reads %q, %v, want %q", buf, err, want)
	}
}

// ends says words beside the output and ends with a status.
func (t *terminal) ends(words string, status uint32) {
	t.t.Helper()
	if words != "" {
		_, _ = io.WriteString(t.channel.Stderr(), words+"\r\n")
	}
	if _, err := t.channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{status})); err != nil {
		t.t.Errorf("end: %v", err)
	}
	_ = t.channel.Close()
}
