package gateway

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

// read reads from a turn in a goroutine and sends what came of it.
func read(turn *turn) <-chan string {
	result := make(chan string, 1)
	go func() {
		buf := make([]byte, 64)
		n, err := turn.Read(buf)
		if err != nil {
			result <- err.Error()
			return
		}
		result <- string(buf[:n])
	}()
	return result
}

func TestGateLosesNothingBetweenTwoReaders(t *testing.T) {
	g := newGate()
	typed, keyboard := io.Pipe()
	filled := make(chan struct{})
	go func() {
		defer close(filled)
		g.fill(typed)
	}()
	picker := g.open()
	pending := read(picker)
	if err := picker.Close(); err != nil {
		t.Fatal(err)
	}
	if got := <-pending; got != "EOF" {
		t.Errorf("a read that was waiting when the turn ended gave %q", got)
	}
	if _, err := io.WriteString(keyboard, "abc"); err != nil {
		t.Fatal(err)
	}
	if got := <-read(picker); got != "EOF" {
		t.Errorf("a read after the turn gave %q", got)
	}
	sandbox := g.open()
	if got := <-read(sandbox); got != "abc" {
		t.Errorf("the next reader got %q", got)
	}
	taken := g.open() // without a Close in between
	if got := <-read(sandbox); got != "EOF" {
		t.Errorf("a reader whose turn was taken got %q", got)
	}
	// What came before the end is read before the end is told.
	if _, err := io.WriteString(keyboard, "last"); err != nil {
		t.Fatal(err)
	}
	_ = keyboard.CloseWithError(errors.New("cut off"))
	<-filled
	if got := <-read(taken); got != "last" {
		t.Errorf("the last bytes came as %q", got)
	}
	if got := <-read(taken); got != "cut off" {
		t.Errorf("the end came as %q", got)
	}
}

func TestGateIsBounded(t *testing.T) {
	g := newGate()
	typed, keyboard := io.Pipe()
	filled := make(chan struct{})
	go func() {
		defer close(filled)
		g.fill(typed)
	}()
	written := make(chan error, 1)
	go func() {
		_, err := io.Copy(keyboard, strings.NewReader(strings.Repeat("x", 4*gateSize)))
		written <- err
	}()
	select {
	case err := <-written:
		t.Fatalf("nobody reads, and all was taken (%v)", err)
	case <-time.After(50 * time.Millisecond):
	}
	g.close() // and a fill that waits for room ends
	<-filled
	g.mu.Lock()
	held := len(g.buf)
	g.mu.Unlock()
	if held > gateSize+8<<10 {
		t.Errorf("the gate holds %d bytes", held)
	}
	_ = typed.Close()
	<-written
}
