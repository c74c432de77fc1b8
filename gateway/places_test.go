package gateway

import (
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"lectern/internal/lecterntest"
)

// openChannel opens a session and says nothing of what it is for.
func openChannel(t *testing.T, client *ssh.Client) (ssh.Channel, error) {
	t.Helper()
	channel, requests, err := client.OpenChannel("session", nil)
	if err == nil {
		go ssh.DiscardRequests(requests)
		t.Cleanup(func() { _ = channel.Close() })
	}
	return channel, err
}

func wantRefused(t *testing.T, err error, words string) {
	t.Helper()
	var refused *ssh.OpenChannelError
	if !errors.As(err, &refused) || refused.Reason != ssh.ResourceShortage || !strings.Contains(refused.Message, words) {
		t.Errorf("one session too many: %v, want %q", err, words)
	}
}

func TestSessionCaps(t *testing.T) {
	for name, test := range map[string]struct {
		all, connections, each int
		says                   string
	}{
		"by connection": {0, 1, maxPerConnection, "this connection has 10 sessions already; close one"},
		"by learner":    {0, 3, maxPerLearner / 2, "you have 20 sessions already; close one"},
		"of all":        {3, 2, 2, "there are 3 sessions already; try again in a minute"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, func(o *Options) { o.MaxConnections = test.all })
			var last *ssh.Client
			var channels []ssh.Channel
			var err error
			for range test.connections {
				last = l.dial()
				for range test.each {
					var channel ssh.Channel
					if channel, err = openChannel(t, last); err != nil {
						break
					}
					channels = append(channels, channel)
				}
			}
			if err == nil {
				_, err = openChannel(t, last)
			}
			wantRefused(t, err, test.says)
			_ = channels[len(channels)-1].Close()
			for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
				if _, err = openChannel(t, last); err == nil {
					return
				}
				if time.Now().After(deadline) {
					t.Fatalf("a place that was given back is not free: %v", err)
				}
			}
		})
	}
}

// TestSessionForNothing: a channel that nobody says a purpose of is closed, and
// what was sent into it freed.
func TestSessionForNothing(t *testing.T) {
	l := newLab(t, func(o *Options) { o.HandshakeTimeout = 300 * time.Millisecond })
	channel, err := openChannel(t, l.dial())
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = channel.Read(make([]byte, 1))
	}()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Fatal("a session for nothing stays open")
	}
}

// TestPickersOnLargeTerminals cost little more than those on small ones.
func TestPickersOnLargeTerminals(t *testing.T) {
	const pickers = 5
	l := newLab(t, nil)
	client := l.dial()
	held := func() int64 {
		var stats runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&stats)
		return int64(stats.HeapAlloc)
	}
	before := held()
	for range pickers {
		session, err := client.NewSession()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = session.Close() })
		screen := lecterntest.NewScreenOf(160, 50) // which the picker draws on
		session.Stdout = screen
		if _, err := session.StdinPipe(); err != nil { // an input that does not end
			t.Fatal(err)
		}
		if err := errors.Join(session.RequestPty("xterm", 200, 500, nil), session.Shell()); err != nil {
			t.Fatal(err)
		}
		screen.Shows(t, "Only stage")
	}
	if each := (held() - before) / pickers; each > 4<<20 {
		t.Errorf("a picker on a large terminal holds %d MB", each>>20)
	}
}
