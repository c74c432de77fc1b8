package recording

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// code is what an event of an asciicast is (asciicast v2, which is what the
// asciinema of Debian 12 plays).
type code string

const (
	printed code = "o"
	resized code = "r"
	marked  code = "m"
)

// The labels of markers.
const (
	again   = "The learner has come back."
	limit   = "The recording has reached its largest size and stops here."
	tooSlow = "The disk was too slow: the recording stops here."
)

var errLimit = errors.New("it has reached its largest size")

// reasonOf says for the log why a recording cannot go on.
func reasonOf(err error) string {
	if errors.Is(err, errLimit) {
		return "it has reached recording.max_size"
	}
	return "its file cannot be written"
}

// header is the first line.
type header struct {
	Version   int    `json:"version"`
	Width     int    `json:"width"`
	Height    int    `json:"height"`
	Timestamp int64  `json:"timestamp"`
	Title     string `json:"title,omitempty"`
	// IdleTimeLimit is how many seconds of silence a player shows at most: a
	// learner may be away for long.
	IdleTimeLimit float64           `json:"idle_time_limit"`
	Env           map[string]string `json:"env,omitempty"`
}

const idleTimeLimit = 2

// cast is a file that is written to.
type cast struct {
	file    *os.File
	max     int64
	size    int64         // of the whole lines in it
	base    time.Time     // a moment on the clock,
	elapsed time.Duration // and how far into the recording it was
	last    time.Duration // of the newest event
	full    bool
	decoder decoder
}

// openCast opens the file of a session. What a crash has left at its end is cut
// off, and the time goes on.
func (r *Recorder) openCast(s Session, now time.Time) (*cast, error) {
	if err := os.MkdirAll(r.Dir, 0o700); err != nil {
		return nil, err
	}
	name, err := r.newestOf(s.ID)
	if err != nil {
		return nil, err
	}
	if name != "" {
		c, err := r.reopen(name, now)
		if err != nil || c != nil {
			return c, err
		}
	}
	file, err := os.OpenFile(filepath.Join(r.Dir, nameOf(s, now)), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	c := &cast{file: file, max: r.MaxSize, base: now}
	_ = unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB) // nobody else knows it yet
	first, err := json.Marshal(header{
		Version: 2, Width: s.Cols, Height: s.Rows, Timestamp: now.Unix(), Title: s.Title, IdleTimeLimit: idleTimeLimit,
		Env: map[string]string{"TERM": s.Term},
	})
	if err == nil {
		err = c.append(append(first, '\n'))
	}
	if err != nil {
		c.close()
		_ = os.Remove(file.Name())
		return nil, err
	}
	return c, nil
}

// reopen goes on with a file; nil where that cannot be, as with one that another
// gateway writes to.
func (r *Recorder) reopen(name string, now time.Time) (_ *cast, err error) {
	file, err := os.OpenFile(filepath.Join(r.Dir, name), os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	c := &cast{file: file, max: r.MaxSize, base: now}
	goesOn := false
	defer func() {
		if !goesOn {
			c.close()
		}
	}()
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); errors.Is(err, unix.EWOULDBLOCK) {
		return nil, nil
	}
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	end, err := findEnd(file, info.Size())
	if err != nil || !end.sound {
		return nil, err
	}
	if err := file.Truncate(end.size); err != nil {
		return nil, err
	}
	c.size, c.last, c.full = end.size, end.last, end.label == limit
	c.elapsed = max(c.last, now.Sub(time.Unix(end.begins, 0)))
	if !c.full {
		err = c.append(c.line(c.elapsed, marked, again))
	}
	goesOn = err == nil
	return c, err
}

// at is how far into the recording a moment is. It never goes back.
func (c *cast) at(t time.Time) time.Duration {
	c.last = max(c.last, c.elapsed+t.Sub(c.base))
	return c.last
}

// write writes events. It stops at the largest size.
func (c *cast) write(events []event) error {
	if c.full {
		return errLimit
	}
	var lines []byte
	for _, e := range events {
		at := c.at(e.at)
		var data string
		switch e.code {
		case printed:
			data = c.decoder.text(e.data)
		case resized:
			if e.cut {
				if rest := c.decoder.rest(); rest != "" {
					lines = append(lines, c.line(at, printed, rest)...)
				}
			}
			data = fmt.Sprintf("%dx%d", e.cols, e.rows)
		case marked:
			data = e.text
		}
		if data == "" {
			continue
		}
		line := c.line(at, e.code, data)
		last := c.line(at, marked, limit)
		if c.size+int64(len(lines)+len(line)+len(last)) > c.max {
			c.full = true
			return errors.Join(c.append(append(lines, last...)), errLimit)
		}
		lines = append(lines, line...)
	}
	return c.append(lines)
}

// append writes whole lines, or none.
func (c *cast) append(lines []byte) error {
	if _, err := c.file.WriteAt(lines, c.size); err != nil {
		_ = c.file.Truncate(c.size) // else it is cut off when the learner comes back
		return err
	}
	c.size += int64(len(lines))
	return nil
}

// line is an event as JSON.
func (c *cast) line(at time.Duration, what code, data string) []byte {
	var out bytes.Buffer
	out.WriteByte('[')
	out.WriteString(strconv.FormatFloat(at.Seconds(), 'f', 6, 64))
	out.WriteString(`, "` + string(what) + `", `)
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(data) // text always encodes
	return append(bytes.TrimSuffix(out.Bytes(), []byte("\n")), "]\n"...)
}

// close makes what is written durable.
func (c *cast) close() {
	if c != nil {
		_ = c.file.Sync() // there is nobody who could do something about it
		_ = c.file.Close()
	}
}
