package tutor

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"syscall"

	"lectern/sandbox/event"
)

// Link is the channel to the holder: what is reported on it counts, whatever
// is typed into the terminal.
type Link interface {
	// Complete reports a finished stage and returns once it is durable, or
	// when ctx ends. It may wait as long as no gateway is there.
	Complete(ctx context.Context, m event.Message) error
	// Notices gives lines for the learner. It is closed with the link.
	Notices() <-chan string
	// Close ends the link and waits for what it has started.
	Close() error
}

// Dial opens the link that the holder has left open for the tutor. It returns
// nil where there is none: the tutor was started by hand.
func Dial() (Link, error) {
	number, ok := os.LookupEnv(event.FDVariable)
	if !ok {
		return nil, nil
	}
	fd, err := strconv.Atoi(number)
	if err != nil || fd < 3 {
		return nil, fmt.Errorf("%s is %q, which is no file descriptor", event.FDVariable, number)
	}
	syscall.CloseOnExec(fd)
	if err := syscall.SetNonblock(fd, true); err != nil {
		return nil, fmt.Errorf("open the link to the holder: %w", err)
	}
	return newLink(os.NewFile(uintptr(fd), "link to the holder")), nil
}

type link struct {
	file    *os.File
	notices chan string
	read    chan struct{} // closed when the reader has ended

	mu      sync.Mutex
	waiting map[string]chan struct{} // by event id
	writing sync.Mutex
}

func newLink(file *os.File) *link {
	l := &link{file: file, notices: make(chan string, 8), read: make(chan struct{}), waiting: make(map[string]chan struct{})}
	go l.run()
	return l
}

// run reads what the holder says until the link closes.
func (l *link) run() {
	defer close(l.read)
	defer close(l.notices)
	lines := bufio.NewScanner(l.file)
	for lines.Scan() {
		m, err := parse(lines.Bytes())
		if err != nil {
			continue // a newer holder may know more words
		}
		switch m.Type {
		case event.Notice:
			select {
			case l.notices <- m.Text:
			default: // nobody can read so many
			}
		case event.Recorded:
			l.mu.Lock()
			if done, ok := l.waiting[m.ID]; ok {
				close(done)
				delete(l.waiting, m.ID)
			}
			l.mu.Unlock()
		}
	}
}

func parse(line []byte) (event.Message, error) {
	var m event.Message
	err := json.Unmarshal(line, &m)
	return m, err
}

func (l *link) Complete(ctx context.Context, m event.Message) error {
	line, err := json.Marshal(m)
	if err != nil {
		return err
	}
	done := make(chan struct{})
	l.mu.Lock()
	l.waiting[m.ID] = done
	l.mu.Unlock()
	l.writing.Lock()
	_, err = l.file.Write(append(line, '\n'))
	l.writing.Unlock()
	if err != nil {
		return fmt.Errorf("report the finished stage: %w", err)
	}
	select {
	case <-done:
		return nil
	case <-l.read:
		return errors.New("the connection to the gateway's holder was lost; leave and come back to try again")
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l *link) Notices() <-chan string { return l.notices }

func (l *link) Close() error {
	err := l.file.Close()
	<-l.read
	return err
}
