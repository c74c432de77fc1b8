package audit

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"
)

var errDamaged = errors.New("this is no event; the line is damaged")

// Line is one line of a file.
type Line struct {
	File   string
	Number int    // from 1
	Text   []byte // without its end; valid until the next line
	Event  Event
	Err    error // what is wrong with it; then there is no Event
}

// maxLine is many times what an event takes; no line is read beyond it.
const maxLine = 64 << 10

// Read gives each line of the trail in a folder, oldest first, without the
// files that are too old to have anything from since on. A last line that is
// not finished is being written, and left out.
func Read(dir string, since time.Time, each func(Line) error) error {
	var at place
	return at.readOn(dir, since, each)
}

// followEvery is how often Follow looks for more: not every file system tells
// when a file has grown.
const followEvery = 500 * time.Millisecond

// Follow is Read, and then gives each line that comes, until ctx ends.
func Follow(ctx context.Context, dir string, since time.Time, each func(Line) error) error {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for at := (place{}); ; {
		if err := at.readOn(dir, since, each); err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// place is how far somebody has read.
type place struct {
	day    day
	offset int64
	line   int
}

// readOn gives the lines behind the place, and moves it there.
func (p *place) readOn(dir string, since time.Time, each func(Line) error) error {
	days, err := daysIn(dir)
	if err != nil {
		return fmt.Errorf("read the audit trail: %w", err)
	}
	for i, d := range days {
		// A file has nothing from after its day: that is in the next one.
		if d < p.day || d < dayOf(since) && !since.IsZero() {
			continue
		}
		if d > p.day {
			*p = place{day: d}
		}
		if err := p.readDay(dir, i == len(days)-1, each); err != nil {
			return err
		}
	}
	return nil
}

func (p *place) readDay(dir string, newest bool, each func(Line) error) error {
	path := p.day.path(dir)
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil // too old meanwhile
	}
	if err == nil {
		defer func() { _ = file.Close() }()
		_, err = file.Seek(p.offset, io.SeekStart)
	}
	if err != nil {
		return fmt.Errorf("read the audit trail: %w", err)
	}
	in := bufio.NewReaderSize(file, maxLine)
	for {
		text, err := in.ReadSlice('\n')
		length := len(text)
		tooLong := errors.Is(err, bufio.ErrBufferFull)
		for errors.Is(err, bufio.ErrBufferFull) {
			text, err = in.ReadSlice('\n')
			length += len(text)
		}
		unfinished := errors.Is(err, io.EOF)
		if err != nil && !unfinished {
			return fmt.Errorf("read the audit trail: %w", err)
		}
		if unfinished && (newest || length == 0) {
			return nil
		}
		p.offset += int64(length)
		p.line++
		line := Line{File: path, Number: p.line, Text: bytes.TrimSuffix(text, []byte("\n"))}
		if line.Event, line.Err = readEvent(line.Text); tooLong {
			line.Text, line.Event, line.Err = nil, Event{}, errDamaged
		}
		if err := each(line); err != nil {
			return err
		}
	}
}

// maxSearch is how much of the end of the trail is searched for a session: some
// tens of thousands of events.
const maxSearch = 8 << 20

// Session gives the newest events of a session, as many as most, in the order in
// which they happened. What lies far back is not looked for.
func (t *Trail) Session(id string, most int) ([]Event, error) {
	if t == nil || id == "" {
		return nil, nil
	}
	days, err := daysIn(t.dir)
	if err != nil {
		return nil, fmt.Errorf("read the audit trail: %w", err)
	}
	var found []Event // the newest first
	left := int64(maxSearch)
	for i := len(days) - 1; i >= 0 && left > 0 && len(found) < most; i-- {
		text, err := tail(days[i].path(t.dir), left)
		if err != nil {
			return nil, fmt.Errorf("read the audit trail: %w", err)
		}
		left -= int64(len(text))
		found = appendOf(found, text, id, most)
	}
	slices.Reverse(found)
	return found, nil
}

// tail is the whole lines at the end of a file.
func tail(path string, most int64) ([]byte, error) {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	from := max(0, info.Size()-most)
	text, err := io.ReadAll(io.NewSectionReader(file, from, info.Size()-from))
	if err != nil {
		return nil, err
	}
	if from > 0 { // the first is most likely cut
		text = text[bytes.IndexByte(text, '\n')+1:]
	}
	return text[:bytes.LastIndexByte(text, '\n')+1], nil
}

// appendOf adds the events of a session that are in lines, the last one first.
func appendOf(found []Event, lines []byte, id string, most int) []Event {
	for len(lines) > 0 && len(found) < most {
		begin := bytes.LastIndexByte(lines[:len(lines)-1], '\n') + 1
		line := lines[begin:]
		lines = lines[:begin]
		if !bytes.Contains(line, []byte(id)) { // before it is parsed, which costs more
			continue
		}
		if e, err := readEvent(line); err == nil && e.Session == id {
			found = append(found, e)
		}
	}
	return found
}
