package hold

import (
	"bufio"
	"io"
	"testing"

	"lectern/sandbox"
	"lectern/sandbox/event"
)

// A terminal that comes while the tutor is nudged for the one before it keeps
// its size.
func TestNewestSizeCounts(t *testing.T) {
	r := start(t, "measures", nil)
	lines, _ := r.join(t)
	expect(t, lines, "up")
	joined := make(chan int, 16)
	s := r.oversee(t, Hear{
		Completed: func(event.Message) error { return nil },
		Changed:   func(s Status) { joined <- s.Epoch },
	})
	defer s.Close()
	second, taken := r.join(t)
	read := make(chan struct{})
	go func() { // it takes what it gets
		defer close(read)
		for second.Scan() {
		}
	}()
	for epoch := 0; epoch < 2; { // from here on it is nudged
		epoch = <-joined
	}
	conn, err := Dial(t.Context(), r.socket)
	if err != nil {
		t.Fatal(err)
	}
	in, typed := io.Pipe()
	output, out := io.Pipe()
	left := make(chan struct{})
	go func() {
		defer close(left)
		if _, err := Attach(t.Context(), conn, sandbox.Control, sandbox.Terminal{In: in, Out: out, Size: sandbox.Size{Cols: 100, Rows: 30}}); err != nil {
			t.Error(err)
		}
	}()
	defer func() {
		_ = output.Close()
		_ = typed.Close()
		_ = conn.Close()
		<-left
	}()
	third := bufio.NewScanner(output)
	third.Scan()                                           // what it finds drawn
	if exit := <-taken; exit.Ending != sandbox.TakenOver { // told when the nudge is over
		t.Errorf("the second terminal ended with %+v", exit)
	}
	<-read
	if _, err := typed.Write([]byte("\n")); err != nil {
		t.Fatal(err)
	}
	expect(t, third, "size")
	if third.Text() != "size 100 30" {
		t.Errorf("the tutor's terminal has %q", third.Text())
	}
}
