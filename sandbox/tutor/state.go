package tutor

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"lectern/course"
)

// maxState is the largest file, in bytes, that is taken for a kept place.
const maxState = 256 << 10

// place is where a learner is in a stage, in the form in which it is kept.
type place struct {
	// Course, Stage and Edition say what it is a place in; a file that names
	// others is not used.
	Course  string `json:"course"`
	Stage   int    `json:"stage"`
	Edition string `json:"edition"`
	// Page counts from 0, the overview; the quiz follows the last concept.
	Page int `json:"page"`
	// At is how far down the page its first visible line is, from 0 to 1.
	At float64 `json:"at,omitempty"`
	// Begun: the quiz has been seen, so that reading can return to it.
	Begun bool `json:"begun,omitempty"`
	Quiz  quiz `json:"quiz"`
	// Completion is the ID of the result that is being recorded, empty before
	// the stage is finished. It is kept so that a tutor that starts anew sends
	// the same one.
	Completion string `json:"completion,omitempty"`
}

func newPlace(courseID string, s course.Stage) place {
	return place{Course: courseID, Stage: s.Number, Edition: edition(s), Quiz: newQuiz(len(s.Questions))}
}

// edition names what a place refers to: the concepts and the questions of a
// stage, but not the text of its pages, which may be corrected meanwhile.
func edition(s course.Stage) string {
	h := sha256.New()
	part := func(texts ...string) {
		for _, t := range texts {
			fmt.Fprintf(h, "%d:%s", len(t), t)
		}
		fmt.Fprint(h, ";")
	}
	for _, c := range s.Concepts {
		part(c.ID, c.Title)
	}
	for _, q := range s.Questions {
		part(string(q.Kind), q.Prompt, q.Answer)
		part(q.Options...)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// sound reports whether p is a place in the stage that fresh begins.
func (p *place) sound(fresh place, pages, questions int) bool {
	return p.Course == fresh.Course && p.Stage == fresh.Stage && p.Edition == fresh.Edition &&
		p.Page >= 0 && p.Page <= pages && p.At >= 0 && p.At <= 1 &&
		p.Quiz.sound(questions) &&
		len(p.Completion) <= 64 && (p.Completion == "" || p.Quiz.over())
}

// keeper keeps one place in one file.
type keeper struct {
	file string // empty: nothing is kept
}

func newKeeper(dir, courseID string, stage int) keeper {
	if dir == "" {
		return keeper{}
	}
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || strings.ContainsRune("._-", r) {
			return r
		}
		return '_'
	}, courseID)
	name = name[:min(len(name), 100)]
	return keeper{file: filepath.Join(dir, "tutor-"+name+"-"+strconv.Itoa(stage)+".json")}
}

// load returns the kept place, or fresh where there is none that can be used:
// a file that is broken or of something else is as good as no file.
func (k keeper) load(fresh place, pages, questions int) place {
	if k.file == "" {
		return fresh
	}
	f, err := os.Open(k.file)
	if err != nil {
		return fresh
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxState+1))
	if err != nil {
		return fresh
	}
	if p, ok := parsePlace(raw, fresh, pages, questions); ok {
		return p
	}
	return fresh
}

func parsePlace(raw []byte, fresh place, pages, questions int) (place, bool) {
	var p place
	if len(raw) > maxState || json.Unmarshal(raw, &p) != nil || !p.sound(fresh, pages, questions) {
		return place{}, false
	}
	return p, true
}

// save replaces the file in one step, so that a crash leaves the old place or
// the new one. It is not forced to the disk: what a power cut may cost is the
// place on a page, and waiting for a disk would be felt at every key.
func (k keeper) save(p place) error {
	if k.file == "" {
		return nil
	}
	raw, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("encode the place in the lesson: %w", err)
	}
	dir := filepath.Dir(k.file)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("keep the place in the lesson: %w", err)
	}
	tmp, err := os.CreateTemp(dir, ".tutor-*")
	if err != nil {
		return fmt.Errorf("keep the place in the lesson: %w", err)
	}
	_, err = tmp.Write(raw)
	err = errors.Join(err, tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), k.file)
	}
	if err != nil {
		return fmt.Errorf("keep the place in the lesson: %w", errors.Join(err, os.Remove(tmp.Name())))
	}
	return nil
}

// drop forgets the place, so that the next visit begins at the overview.
func (k keeper) drop() error {
	if k.file == "" {
		return nil
	}
	if err := os.Remove(k.file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("forget the place in the lesson: %w", err)
	}
	return nil
}
