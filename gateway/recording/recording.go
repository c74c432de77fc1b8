// Package recording keeps what learners see in their sandboxes as asciicasts,
// which asciinema plays: one file a session.
//
// A recording never keeps a session waiting. What is to be recorded goes into a
// buffer of limited size, and a goroutine brings it to the disk; where that is
// full or slow, the recording stops and the session goes on.
package recording

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// Options is what a recorder is made from.
type Options struct {
	// Dir is the folder of the recordings; it is made where it is missing.
	Dir string
	// MaxSize is the most bytes of a recording.
	MaxSize int64
	// Keep is how long a recording is kept after it was last written to.
	Keep time.Duration
	// Now tells the time; nil is time.Now.
	Now func() time.Time
	Log *slog.Logger
}

// Recorder records sessions. A nil *Recorder records none.
type Recorder struct {
	Options
	stop    chan struct{}
	running sync.WaitGroup // the reels, and the removal of old files

	mu     sync.Mutex
	closed bool
	reels  map[string]*reel // by the id of their session
}

// Session is what is recorded.
type Session struct {
	// ID names it among all that ever were, in letters and digits.
	ID    string
	Login string
	// Title is for whoever plays it.
	Title string
	// Term is the type of the learner's terminal.
	Term string
	// Cols and Rows are its size.
	Cols, Rows int
}

// removeEvery is how often old files are looked for.
const removeEvery = time.Hour

// Open makes a recorder that writes to a folder.
func Open(o Options) (*Recorder, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of the recordings: %w", err)
	}
	r := &Recorder{Options: o, stop: make(chan struct{}), reels: make(map[string]*reel)}
	r.running.Go(func() {
		tick := time.NewTicker(removeEvery)
		defer tick.Stop()
		for {
			r.removeOld()
			select {
			case <-tick.C:
			case <-r.stop:
				return
			}
		}
	})
	return r, nil
}

// Begin records a session from now on, in the file that it has already or in a
// new one, until the tape is closed or another one of the session begins. It
// does not wait for the disk.
func (r *Recorder) Begin(s Session) *Tape {
	if r == nil {
		return nil
	}
	if !soundID.MatchString(s.ID) {
		r.Log.Error("a session is not recorded, since its id can be no file's name", "login", s.Login, "session", s.ID)
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil
	}
	to := r.reels[s.ID]
	if to == nil {
		to = newReel(r, s)
		r.reels[s.ID] = to
		r.running.Go(to.run)
	}
	t := &Tape{reel: to}
	to.begin(t, s)
	return t
}

// windUp is how long the last lines may take to be written.
const windUp = 5 * time.Second

// Close ends all recordings.
func (r *Recorder) Close() error {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	if !r.closed {
		r.closed = true
		close(r.stop)
	}
	for _, reel := range r.reels {
		reel.let(nil)
	}
	r.mu.Unlock()
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.running.Wait()
	}()
	select {
	case <-done:
		return nil
	case <-time.After(windUp): // a disk that hangs must not keep the process from ending
		return errors.New("the ends of some recordings are not written, since their disk does not answer")
	}
}

var (
	soundID = regexp.MustCompile(`^[A-Za-z0-9]{1,64}$`)
	unsound = regexp.MustCompile(`[^a-z0-9_-]`)
	named   = regexp.MustCompile(`^[0-9]{8}T[0-9]{6}Z-[a-z0-9_-]*-[A-Za-z0-9]{1,64}\.cast$`)
)

// nameOf is the name of a new file, by which files are in the order of time.
func nameOf(s Session, begins time.Time) string {
	login := unsound.ReplaceAllString(strings.ToLower(s.Login), "_")
	return fmt.Sprintf("%s-%s-%s.cast", begins.UTC().Format("20060102T150405Z"), login[:min(len(login), 64)], s.ID)
}

// files are the names of all recordings, the oldest first.
func (r *Recorder) files() ([]string, error) {
	entries, err := os.ReadDir(r.Dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, entry := range entries {
		if entry.Type().IsRegular() && named.MatchString(entry.Name()) {
			names = append(names, entry.Name())
		}
	}
	slices.Sort(names)
	return names, nil
}

// newestOf is the file of a session, "" where it has none.
func (r *Recorder) newestOf(id string) (string, error) {
	names, err := r.files()
	for _, name := range slices.Backward(names) {
		if strings.HasSuffix(name, "-"+id+".cast") {
			return name, err
		}
	}
	return "", err
}

func (r *Recorder) removeOld() {
	names, err := r.files()
	for _, name := range names {
		path := filepath.Join(r.Dir, name)
		info, missing := os.Lstat(path)
		if missing != nil || r.Now().Sub(info.ModTime()) < r.Keep {
			continue
		}
		if gone := os.Remove(path); gone != nil && !errors.Is(gone, os.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}
	if err != nil {
		r.Log.Warn("could not remove old recordings", "error", err)
	}
}
