package tui

import (
	"context"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"go.uber.org/goleak"
)

// screenful is a terminal that tells when it has been shown something.
type screenful struct {
	mu   sync.Mutex
	seen strings.Builder
	more chan struct{}
}

func (s *screenful) Write(b []byte) (int, error) {
	s.mu.Lock()
	s.seen.Write(b)
	s.mu.Unlock()
	select {
	case s.more <- struct{}{}:
	default:
	}
	return len(b), nil
}

func (s *screenful) await(t *testing.T, text string) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for {
		s.mu.Lock()
		found := strings.Contains(s.seen.String(), text)
		s.mu.Unlock()
		if found {
			return
		}
		select {
		case <-s.more:
		case <-deadline:
			t.Fatalf("the terminal was never shown %q", text)
		}
	}
}

// play runs a picker in a real program that is fed through a pipe.
func play(t *testing.T, o Options, script func(keys io.Writer, screen *screenful, p *tea.Program)) Result {
	t.Helper()
	in, keys := io.Pipe()
	screen := &screenful{more: make(chan struct{}, 1)}
	app := New(o)
	p := tea.NewProgram(app, tea.WithInput(in), tea.WithOutput(screen), tea.WithWindowSize(80, 24),
		tea.WithoutSignalHandler(), tea.WithEnvironment([]string{"TERM=xterm-256color"}))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = p.Run() // a killed program returns an error, the result tells all
	}()
	script(keys, screen, p)
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Fatal("the program does not end")
	}
	app.Close()
	keys.Close()
	return app.Result()
}

func TestProgramAttaches(t *testing.T) {
	defer goleak.VerifyNone(t)
	asked, start := recording()
	got := play(t, Options{Home: sampleHome(), Start: start}, func(keys io.Writer, screen *screenful, _ *tea.Program) {
		screen.await(t, "Sorting from first principles")
		io.WriteString(keys, "\r")
		screen.await(t, "Divide and merge")
		io.WriteString(keys, "\r")
	})
	want := Choice{CourseID: "sorting", Stage: 3}
	if got != (Result{Attach, want}) || <-asked != want {
		t.Errorf("the result is %+v", got)
	}
}

func TestKilledProgramQuitsAndLeavesNothing(t *testing.T) {
	defer goleak.VerifyNone(t)
	ended := make(chan struct{})
	got := play(t, Options{Home: sampleHome(), Start: func(ctx context.Context, _ Choice, report func(Phase)) error {
		defer close(ended)
		report(Phase{Name: "Scheduling"})
		<-ctx.Done()
		return ctx.Err()
	}}, func(keys io.Writer, screen *screenful, p *tea.Program) {
		screen.await(t, "Sorting from first principles")
		io.WriteString(keys, "\r")
		screen.await(t, "Divide and merge")
		io.WriteString(keys, "\r")
		screen.await(t, "Scheduling")
		p.Kill()
	})
	<-ended
	if got != (Result{}) {
		t.Errorf("the result is %+v, want Quit", got)
	}
}
