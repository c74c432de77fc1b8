package unixsocket

import (
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// socketIn gives a path that has so many bytes.
func socketIn(t *testing.T, length int) string {
	t.Helper()
	// Of its own, since the folders of tests have long names.
	dir, err := os.MkdirTemp("", "s")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	for ; length-len(dir) > 60; dir = filepath.Join(dir, strings.Repeat("d", 40)) {
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, strings.Repeat("s", length-len(dir)-1))
}

// TestLengths: the path on which is listened is four bytes longer than the name.
func TestLengths(t *testing.T) {
	for _, length := range []int{40, 103, 104, 107, 108, 300} {
		path := socketIn(t, length)
		l, err := Listen(path)
		if err != nil {
			t.Errorf("%d bytes: %v", length, err)
			continue
		}
		hear(t, l, path)
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
}

// hear connects and sees that it is this listener who answers.
func hear(t *testing.T, l net.Listener, path string) {
	t.Helper()
	answered := make(chan error, 1)
	go func() {
		conn, err := l.Accept()
		if err == nil {
			_, err = io.WriteString(conn, "here")
			err = errors.Join(err, conn.Close())
		}
		answered <- err
	}()
	conn, err := Dial(t.Context(), path)
	if err != nil {
		_ = l.Close()
		t.Fatalf("%v, %v", err, <-answered)
	}
	defer func() { _ = conn.Close() }()
	if said, err := io.ReadAll(conn); string(said) != "here" {
		t.Errorf("the socket says %q, %v", said, err)
	}
	if err := <-answered; err != nil {
		t.Error(err)
	}
}

// TestOneAfterAnother: a socket that nobody listens on any more is replaced.
func TestOneAfterAnother(t *testing.T) {
	path := socketIn(t, 60)
	if err := os.WriteFile(path+".new", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		l, err := Listen(path)
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil || info.Mode() != os.ModeSocket|0o600 {
			t.Fatalf("the socket is %v, %v", info, err)
		}
		hear(t, l, path)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) != 1 {
		t.Errorf("the folder holds %v, %v", entries, err)
	}
}

func TestNoPlace(t *testing.T) {
	missing := filepath.Join(t.TempDir(), strings.Repeat("missing", 20), "socket")
	if _, err := Listen(missing); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("listen: %v", err)
	}
	if _, err := Dial(t.Context(), missing); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("dial: %v", err)
	}
	// What cannot be replaced is left alone, and so is the folder.
	path := filepath.Join(t.TempDir(), "socket")
	if err := os.MkdirAll(filepath.Join(path, "full"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(path); err == nil {
		t.Error("a folder was replaced")
	}
	if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) != 1 {
		t.Errorf("the folder holds %v, %v", entries, err)
	}
}
