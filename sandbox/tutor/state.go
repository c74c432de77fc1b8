package tutor

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"lectern/course"
)

// place is where a learner is in a stage. It is kept in their home, so that
// they find it again after any end of the session.
type place struct {
	// Page is the concept shown, from 0; -1 is the overview, and the number of
	// concepts is the quiz.
	Page int `json:"page"`
	// Right holds the indexes of questions answered rightly, Missed of those
	// that were not right at the first attempt.
	Right  []int `json:"right,omitempty"`
	Missed []int `json:"missed,omitempty"`
	// Event is the id under which this attempt is reported as finished, the
	// same each time, so that reporting twice counts once.
	Event string `json:"event"`
}

func newPlace() place {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return place{Page: overview, Event: hex.EncodeToString(b[:])}
}

func placeFile(dir string, stage int) string {
	return filepath.Join(dir, fmt.Sprintf("stage-%d.json", stage))
}

// loadPlace returns the kept place, or a new one where there is none that
// fits the stage as it is now.
func loadPlace(dir string, s course.Stage) place {
	fresh := newPlace()
	if dir == "" {
		return fresh
	}
	data, err := os.ReadFile(placeFile(dir, s.Number))
	if err != nil {
		return fresh
	}
	p, err := parsePlace(data, s)
	if err != nil {
		return fresh
	}
	return p
}

func parsePlace(data []byte, s course.Stage) (place, error) {
	var p place
	if err := json.Unmarshal(data, &p); err != nil {
		return p, err
	}
	if p.Page < overview || p.Page > len(s.Concepts) || p.Event == "" {
		return p, fmt.Errorf("page %d is not in this stage", p.Page)
	}
	for _, list := range [][]int{p.Right, p.Missed} {
		for _, q := range list {
			if q < 0 || q >= len(s.Questions) {
				return p, fmt.Errorf("question %d is not in this stage", q)
			}
		}
	}
	return p, nil
}

// save replaces the kept place in one step. A home that takes no file costs
// the learner the place, not the lesson.
func (p place) save(dir string, stage int) error {
	if dir == "" {
		return nil
	}
	data, err := json.Marshal(p)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	fresh := placeFile(dir, stage) + ".new"
	if err := os.WriteFile(fresh, data, 0o600); err != nil {
		return err
	}
	return os.Rename(fresh, placeFile(dir, stage))
}

func forget(dir string, stage int) {
	if dir != "" {
		_ = os.Remove(placeFile(dir, stage))
	}
}
