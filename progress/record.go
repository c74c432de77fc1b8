package progress

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Evidence says how it is known that a stage was completed.
type Evidence string

// The kinds of evidence.
const (
	// Quiz: the built-in tutor graded the learner's answers.
	Quiz Evidence = "quiz"
	// Model: the proxy saw the marker in the assistant's own text.
	Model Evidence = "model"
	// Admin: an instructor granted the stage.
	Admin Evidence = "admin"
	// Terminal: a marker was seen in the terminal's output, which an echo of
	// what the learner types can forge.
	Terminal Evidence = "terminal"
)

// Strength orders evidence: the higher, the better. It is 0 for a value that
// is none of the kinds.
func (e Evidence) Strength() int {
	switch e {
	case Quiz:
		return 4
	case Model:
		return 3
	case Admin:
		return 2
	case Terminal:
		return 1
	}
	return 0
}

// Record says that a learner has completed a stage.
type Record struct {
	// Login is the learner's; the store keeps it in lower case.
	Login string `json:"login"`
	// Course is the course's ID.
	Course string `json:"course"`
	// Stage is the stage's number, from 1.
	Stage int `json:"stage"`
	// CompletedAt is when the stage was completed for the first time.
	CompletedAt time.Time `json:"completed_at"`
	// Session is the session in which it happened; empty where none took part.
	Session  string   `json:"session,omitempty"`
	Evidence Evidence `json:"evidence"`
	// Score of Questions were answered rightly at the first attempt; both are
	// 0 where nothing was asked.
	Score     int `json:"score,omitempty"`
	Questions int `json:"questions,omitempty"`
}

const (
	longestName  = 255
	highestStage = 1 << 20
)

// normal is the record as it is stored, or an error about what no stored
// record may have.
func (r Record) normal() (Record, error) {
	r.Login = strings.ToLower(r.Login)
	r.CompletedAt = r.CompletedAt.UTC()
	if err := checkName("login", r.Login); err != nil {
		return r, err
	}
	if err := checkName("course", r.Course); err != nil {
		return r, err
	}
	switch {
	case r.Stage < 1 || r.Stage > highestStage:
		return r, fmt.Errorf("stage %d does not exist, stages count from 1", r.Stage)
	case r.CompletedAt.IsZero():
		return r, errors.New("the time of completion is missing")
	case r.Evidence.Strength() == 0:
		return r, fmt.Errorf("evidence %q is unknown, use quiz, model, admin or terminal", r.Evidence)
	case r.Score < 0 || r.Score > r.Questions:
		return r, fmt.Errorf("a score of %d of %d questions is impossible", r.Score, r.Questions)
	}
	return r, nil
}

// checkName keeps keys in the file short and printable. It does not know the
// finer rules for logins and course IDs, which their own rooms have.
func checkName(what, name string) error {
	switch {
	case name == "":
		return fmt.Errorf("the %s is missing", what)
	case len(name) > longestName:
		return fmt.Errorf("the %s is longer than %d bytes", what, longestName)
	case !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return fmt.Errorf("the %s %q has characters that cannot be printed", what, name)
	}
	return nil
}

// stored is the part of a Record that is not in the keys above it.
type stored struct {
	CompletedAt time.Time `json:"completed_at"`
	Session     string    `json:"session,omitempty"`
	Evidence    Evidence  `json:"evidence"`
	Score       int       `json:"score,omitempty"`
	Questions   int       `json:"questions,omitempty"`
}

func encode(r Record) ([]byte, error) {
	return json.Marshal(stored{r.CompletedAt, r.Session, r.Evidence, r.Score, r.Questions})
}

func decode(login, course string, stage int, value []byte) (Record, error) {
	var s stored
	if err := json.Unmarshal(value, &s); err != nil {
		return Record{}, fmt.Errorf("read the record of %s, course %s, stage %d: %w", login, course, stage, err)
	}
	return Record{login, course, stage, s.CompletedAt, s.Session, s.Evidence, s.Score, s.Questions}, nil
}
