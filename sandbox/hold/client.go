package hold

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"

	"github.com/fsnotify/fsnotify"

	"lectern/internal/unixsocket"
	"lectern/sandbox"
)

// Dial opens the holder's socket.
func Dial(ctx context.Context, socket string) (net.Conn, error) { return unixsocket.Dial(ctx, socket) }

// DialOnceThere is Dial for one who may come before the holder listens.
func DialOnceThere(ctx context.Context, socket string) (net.Conn, error) {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("watch for the holder's socket: %w", err)
	}
	defer func() { _ = watcher.Close() }()
	if err := watcher.Add(filepath.Dir(socket)); err != nil {
		return nil, fmt.Errorf("watch for the holder's socket: %w", err)
	}
	for {
		conn, err := Dial(ctx, socket)
		if err == nil || !errors.Is(err, os.ErrNotExist) {
			return conn, err
		}
		select {
		case <-watcher.Events:
		case err := <-watcher.Errors:
			return nil, fmt.Errorf("watch for the holder's socket: %w", err)
		case <-ctx.Done():
			return nil, fmt.Errorf("no tutor is running here: %w", ctx.Err())
		}
	}
}

// Listen makes the holder's socket; only this user may open it. It appears
// under its name once it listens, so that nobody finds it deaf.
func Listen(socket string) (*net.UnixListener, error) {
	l, err := unixsocket.Listen(socket)
	if err != nil {
		return nil, fmt.Errorf("listen on the holder's socket: %w", err)
	}
	return l, nil
}

// WriteExit writes down how the sandbox ended.
func WriteExit(w io.Writer, exit sandbox.Exit) error {
	data, err := json.Marshal(exit)
	if err == nil {
		_, err = w.Write(data)
	}
	return err
}

// LeaveExit writes down how the sandbox ended, for those who look too late,
// and takes the socket away.
func LeaveExit(file, socket string, exit sandbox.Exit) error {
	data, err := json.Marshal(exit)
	if err == nil {
		err = os.WriteFile(file, data, 0o600)
	}
	return errors.Join(err, os.Remove(socket))
}

// ParseExit reads what LeaveExit wrote, or a sandbox says; ok is false where that
// is no exit. Whoever has tampered with the sandbox may have written it, so it says
// nothing that no holder says, and its reason is plain and short.
func ParseExit(data []byte) (exit sandbox.Exit, ok bool) {
	if json.Unmarshal(data, &exit) != nil {
		return sandbox.Exit{}, false
	}
	return sound(exit)
}

func sound(exit sandbox.Exit) (sandbox.Exit, bool) {
	switch exit.Ending {
	case sandbox.Exited, sandbox.Signalled, sandbox.Killed, sandbox.Stopped, sandbox.LifeOver, sandbox.Idle, sandbox.Lost:
		exit.Reason = line(exit.Reason)
		return exit, true
	}
	return sandbox.Exit{}, false
}

func sayHello(conn io.Writer, h Hello) error {
	line, err := json.Marshal(h)
	if err == nil && len(line) > maxHello {
		err = errHelloTooLong // the holder would leave without a word
	}
	if err == nil {
		_, err = conn.Write(append(line, '\n'))
	}
	return err
}

// Attach joins the tutor's terminal over conn, which it closes, until the
// tutor ends, a newer terminal takes over or ctx ends. It closes term.In.
func Attach(ctx context.Context, conn net.Conn, mode sandbox.AttachMode, term sandbox.Terminal) (sandbox.Exit, error) {
	defer func() { _ = term.In.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	defer func() { _ = conn.Close() }()
	hello := Hello{Mode: mode, Cols: term.Size.Cols, Rows: term.Size.Rows, Epoch: term.Epoch, Returning: term.Returning}
	if mode == sandbox.Watch {
		hello.Watcher = watcherName(term.Watcher)
	}
	if err := sayHello(conn, hello); err != nil {
		return sandbox.Exit{}, fmt.Errorf("join the sandbox: %w", err)
	}
	// One goroutine writes to conn; typing and resizing come to it.
	typing := make(chan error, 1)
	frames := make(chan []byte)
	done := make(chan struct{})
	go func() { typing <- readTyping(term.In, frames, done) }()
	writing := make(chan struct{})
	go func() {
		defer close(writing)
		forward(conn, frames, term.Resizes, done)
	}()
	epoch := 0
	exit := receive(conn, mode, term, &epoch)
	close(done)
	_ = conn.Close()
	_ = term.In.Close()
	<-writing
	<-typing
	if exit.Ending == sandbox.Lost && ctx.Err() != nil {
		exit = sandbox.Exit{Ending: sandbox.Detached}
	}
	exit.Epoch = epoch
	return exit, nil
}

// readTyping hands what the learner types to the writer, a buffer at a time;
// the buffer is free again once the writer has taken the next one.
func readTyping(in io.Reader, frames chan<- []byte, done <-chan struct{}) error {
	bufs := [2][]byte{make([]byte, 8<<10), make([]byte, 8<<10)}
	for i := 0; ; i = 1 - i {
		n, err := in.Read(bufs[i])
		if n > 0 {
			select {
			case frames <- bufs[i][:n]:
			case <-done:
				return nil
			}
		}
		if err != nil {
			return err
		}
	}
}

func forward(conn net.Conn, frames <-chan []byte, resizes <-chan sandbox.Size, done <-chan struct{}) {
	for {
		var err error
		select {
		case data := <-frames:
			err = writeFrame(conn, frameData, data)
		case size, ok := <-resizes:
			if !ok {
				resizes = nil
				continue
			}
			err = writeFrame(conn, frameResize, encodeSize(size))
		case <-done:
			return
		}
		if err != nil {
			_ = conn.Close() // the reader finds out and tells why
			<-done
			return
		}
	}
}

// receive hands the tutor's output on until the stay ends. What is no holder's
// word ends it: whoever has tampered with the sandbox may send anything.
func receive(conn io.Reader, mode sandbox.AttachMode, term sandbox.Terminal, epoch *int) sandbox.Exit {
	lost := sandbox.Exit{Ending: sandbox.Lost, Code: 1, Reason: "The sandbox vanished. Choose the stage again to start a new one."}
	frames := bufio.NewReaderSize(conn, maxFrame/2)
	var buf []byte
	for {
		kind, payload, err := readFrame(frames, &buf)
		if err != nil {
			return lost
		}
		switch kind {
		case frameData:
			if mode == sandbox.Control && *epoch == 0 { // nothing is shown of which nobody knows that it began
				return lost
			}
			if _, err := term.Out.Write(payload); err != nil {
				return sandbox.Exit{Ending: sandbox.Detached}
			}
		case frameResize:
			size, err := decodeSize(payload)
			if err != nil {
				return lost
			}
			if term.Sized != nil {
				term.Sized(size)
			}
		case frameJoined:
			joined, ok := decodeEpoch(payload)
			if !ok || mode != sandbox.Control || *epoch != 0 {
				return lost
			}
			*epoch = joined
			if term.Joined != nil {
				term.Joined(*epoch)
			}
		case frameTakenOver:
			return sandbox.Exit{Ending: sandbox.TakenOver, Reason: "A newer connection of yours has taken over this session."}
		case frameExit:
			exit, ok := ParseExit(payload)
			if !ok {
				return lost
			}
			return exit
		}
	}
}
