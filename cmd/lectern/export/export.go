// Package export writes what learners have finished in the formats of other
// programs. docs/backup.md promises the fields, so none changes its meaning or
// goes away; more may come.
//
// It knows the records of progress, and not where they are kept.
package export

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"time"

	"lectern/progress"
)

// Select leaves the learner of this login and what was finished of this course.
// Empty ones are all; of a course, those who have finished nothing of it are
// left out.
func Select(learners []progress.Learner, login, course string) []progress.Learner {
	var selected []progress.Learner
	for _, l := range learners {
		if login != "" && l.Login != login {
			continue
		}
		if course != "" {
			var records []progress.Record
			for _, r := range l.Records {
				if r.Course == course {
					records = append(records, r)
				}
			}
			if l.Records = records; len(records) == 0 {
				continue
			}
		}
		selected = append(selected, l)
	}
	return selected
}

type learner struct {
	Login     string  `json:"login"`
	Completed []stage `json:"completed"`
	Tokens    tokens  `json:"tokens"`
}

type stage struct {
	Course      string            `json:"course"`
	Stage       int               `json:"stage"`
	CompletedAt string            `json:"completed_at"`
	Evidence    progress.Evidence `json:"evidence"`
	Score       int               `json:"score"`
	Questions   int               `json:"questions"`
	Session     string            `json:"session"`
}

type tokens struct {
	Total counts `json:"total"`
	Days  []day  `json:"days"`
}

type day struct {
	Date string `json:"date"`
	counts
}

type counts struct {
	Input      int64 `json:"input"`
	Output     int64 `json:"output"`
	CacheRead  int64 `json:"cache_read"`
	CacheWrite int64 `json:"cache_write"`
}

// JSON writes an array of learners, each on a line of its own.
func JSON(w io.Writer, learners []progress.Learner) error {
	var text bytes.Buffer
	text.WriteString("[")
	for i, l := range learners {
		line, err := json.Marshal(learnerOf(l))
		if err != nil {
			return err
		}
		if i > 0 {
			text.WriteString(",")
		}
		text.WriteString("\n")
		text.Write(line)
	}
	text.WriteString("\n]\n")
	_, err := text.WriteTo(w)
	return err
}

func learnerOf(l progress.Learner) learner {
	out := learner{Login: l.Login, Completed: []stage{}, Tokens: tokens{Total: counts(l.Total), Days: []day{}}}
	for _, r := range l.Records {
		out.Completed = append(out.Completed, stage{r.Course, r.Stage, moment(r.CompletedAt), r.Evidence, r.Score, r.Questions, r.Session})
	}
	for _, d := range l.Days {
		out.Tokens.Days = append(out.Tokens.Days, day{d.Date, counts(d.Tokens)})
	}
	return out
}

// moment is a time to the second: some spreadsheets read no fractions.
func moment(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// CSV writes a row for each stage that was finished, below one with the names
// of the fields, as RFC 4180 has it.
func CSV(w io.Writer, learners []progress.Learner) error {
	rows := csv.NewWriter(w)
	rows.UseCRLF = true
	// Errors stay with the writer.
	_ = rows.Write([]string{"login", "course", "stage", "completed_at", "evidence", "score", "questions", "session"})
	for _, l := range learners {
		for _, r := range l.Records {
			_ = rows.Write([]string{
				cell(r.Login), cell(r.Course), strconv.Itoa(r.Stage), moment(r.CompletedAt),
				cell(string(r.Evidence)), strconv.Itoa(r.Score), strconv.Itoa(r.Questions), cell(r.Session),
			})
		}
	}
	rows.Flush()
	return rows.Error()
}

// cell is a text that no spreadsheet takes for a formula, which could send the
// rest of the sheet elsewhere. None of what Lectern itself stores begins like
// one, but a file that was put in the place of its own could.
func cell(text string) string {
	if strings.IndexFunc(text, func(r rune) bool { return strings.ContainsRune("=+-@＝＋－＠\t\r\n", r) }) == 0 {
		return "'" + text
	}
	return text
}
