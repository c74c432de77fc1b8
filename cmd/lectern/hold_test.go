package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"lectern/sandbox"
	"lectern/sandbox/hold"
)

// A terminal on which nobody types does not outlive the tutor.
func TestAttachEndsWithTheTutor(t *testing.T) {
	dir, err := os.MkdirTemp("", "attach") // t.TempDir may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s")
	listener, err := hold.Listen(socket)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	held := make(chan error, 1)
	go func() {
		_, err := hold.Run(ctx, hold.Options{
			Listener: listener, Command: []string{"/bin/sh", "-c", "exit 7"}, Life: time.Hour, Log: slog.New(slog.DiscardHandler),
		})
		held <- err
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-held; err != nil {
			t.Error(err)
		}
	})
	// As it is inherited, standard input cannot be closed under its reader.
	var ends [2]int
	if err := unix.Pipe2(ends[:], unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	stdin, keyboard := os.NewFile(uintptr(ends[0]), "stdin"), os.NewFile(uintptr(ends[1]), "keyboard")
	attached := make(chan error, 1)
	go func() { attached <- attach(ctx, socket, sandbox.Control, stdin, io.Discard) }()
	select {
	case err = <-attached:
		_ = keyboard.Close()
	case <-time.After(10 * time.Second):
		t.Error("the terminal waits for a key")
		_ = keyboard.Close()
		err = <-attached
	}
	_ = stdin.Close()
	var status exitStatus
	if !errors.As(err, &status) || status != 7 {
		t.Errorf("the terminal ends with %v, not the tutor's status", err)
	}
}
