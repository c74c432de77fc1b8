package tutor

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"

	"lectern/sandbox/event"
)

const (
	// repeatAfter is when a result without an answer is sent again: whoever
	// took it over the first time may have died since.
	repeatAfter = 15 * time.Second
	// writeWithin is how long the holder may leave a line unread.
	writeWithin = 10 * time.Second
)

// errLinkClosed means that the holder is gone, and with it the way out.
var errLinkClosed = errors.New("the link to the gateway is closed")

// Dial takes over the socket that the holder left in the file descriptor that
// event.FDVariable names. Without that variable it returns nil and no error:
// the tutor runs by hand. The descriptor is closed on exec.
func Dial() (Link, error) {
	value, set := os.LookupEnv(event.FDVariable)
	if !set || value == "" {
		return nil, nil
	}
	fd, err := strconv.Atoi(value)
	if err != nil || fd < 3 {
		return nil, fmt.Errorf("%s is %q, but it must be the number of an inherited socket; unset it to run by hand", event.FDVariable, value)
	}
	// A wrong number may name a descriptor that the runtime needs, so look
	// before taking it over.
	var stat syscall.Stat_t
	if err := syscall.Fstat(fd, &stat); err != nil || stat.Mode&syscall.S_IFMT != syscall.S_IFSOCK {
		return nil, fmt.Errorf("%s is %d, which is no open socket; unset it to run by hand", event.FDVariable, fd)
	}
	file := os.NewFile(uintptr(fd), "event socket")
	conn, err := net.FileConn(file) // a duplicate that is closed on exec
	if closeErr := file.Close(); err == nil && closeErr != nil {
		err = errors.Join(closeErr, conn.Close())
	}
	if err != nil {
		return nil, fmt.Errorf("take over the event socket: %w", err)
	}
	return newSocket(conn), nil
}

// socket is the Link over one end of a socket pair.
type socket struct {
	conn    net.Conn
	notices chan string
	watched chan string   // the newest
	closed  chan struct{} // closed when the reader has ended
	repeat  time.Duration

	writing sync.Mutex // a line is written whole; it guards nothing else

	mu      sync.Mutex
	waiting map[string]chan struct{} // by the ID of the message
}

func newSocket(conn net.Conn) *socket {
	s := &socket{
		conn:    conn,
		notices: make(chan string, noticesKept),
		watched: make(chan string, 1),
		closed:  make(chan struct{}),
		repeat:  repeatAfter,
		waiting: make(map[string]chan struct{}),
	}
	go s.read()
	return s
}

// Notices implements Link.
func (s *socket) Notices() <-chan string { return s.notices }

// Watched implements Link.
func (s *socket) Watched() <-chan string { return s.watched }

// Close implements Link.
func (s *socket) Close() error {
	err := s.conn.Close()
	<-s.closed
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// Complete implements Link.
func (s *socket) Complete(ctx context.Context, m event.Message) error {
	recorded := make(chan struct{})
	s.mu.Lock()
	s.waiting[m.ID] = recorded
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.waiting, m.ID)
		s.mu.Unlock()
	}()

	again := time.NewTicker(s.repeat)
	defer again.Stop()
	for {
		if err := s.write(m); err != nil {
			return err
		}
		select {
		case <-recorded:
			return nil
		case <-s.closed:
			return errLinkClosed
		case <-ctx.Done():
			return ctx.Err()
		case <-again.C:
		}
	}
}

func (s *socket) write(m event.Message) error {
	line, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("encode the result: %w", err)
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	if err := s.conn.SetWriteDeadline(time.Now().Add(writeWithin)); err != nil {
		return errLinkClosed
	}
	if n, err := s.conn.Write(append(line, '\n')); err != nil {
		if n > 0 { // half a line is out: nothing after it could be understood
			_ = s.conn.Close()
		}
		return errLinkClosed
	}
	return nil
}

// read is the one reader; it ends with the connection.
func (s *socket) read() {
	defer close(s.closed)
	defer close(s.notices)
	defer close(s.watched)
	lines := bufio.NewReaderSize(s.conn, maxLine)
	for {
		line, err := lines.ReadSlice('\n')
		for errors.Is(err, bufio.ErrBufferFull) { // too long: skip all of it
			line = nil
			_, err = lines.ReadSlice('\n')
			if err == nil {
				line, err = lines.ReadSlice('\n')
			}
		}
		if err != nil {
			if !errors.Is(err, io.EOF) {
				_ = s.conn.Close()
			}
			return
		}
		m, ok := parseLine(bytes.TrimSuffix(line, []byte("\n")))
		if !ok {
			continue
		}
		switch m.Type {
		case event.Recorded:
			s.settle(m.ID)
		case event.Notice:
			post(s.notices, m.Text)
		case event.Watched:
			post(s.watched, m.Text)
		}
	}
}

// settle lets the Complete that waits for id return.
func (s *socket) settle(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if recorded, ok := s.waiting[id]; ok {
		close(recorded)
		delete(s.waiting, id)
	}
}

// post keeps the newest lines and never blocks, since a Recorded may stand behind
// this one.
func post(lines chan string, text string) {
	for {
		select {
		case lines <- text:
			return
		default:
		}
		select {
		case <-lines:
		default:
		}
	}
}
