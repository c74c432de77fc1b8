package claude

import (
	"bufio"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"regexp"
)

// visits is what is remembered of a learner's lessons in a course.
type visits struct {
	// Last is the stage that was studied last.
	Last int `json:"last"`
	// Conversations has the id of each stage's conversation.
	Conversations map[int]string `json:"conversations"`
}

// visit remembers that a stage is studied now, and gives the arguments that begin
// its conversation or take it up again.
func visit(home *os.Root, l Lesson) ([]string, error) {
	dir := path.Join(".lectern", l.CourseID)
	file := path.Join(dir, "claude.json")
	v := readVisits(home, file)
	id := v.Conversations[l.Stage]
	var args []string
	switch {
	case !recorded(home, id): // the first visit, or nothing came of it, or its record is gone
		id = newID()
		v.Conversations[l.Stage] = id
		args = []string{"--session-id", id, "--", l.opening()}
	case v.Last == l.Stage: // also where it has gone on under another id
		args = []string{"--continue"}
	default:
		args = []string{"--resume", id}
	}
	v.Last = l.Stage
	data, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	if err := makeDir(home, ".lectern", dir); err != nil {
		return nil, err
	}
	return args, replace(home, file, data)
}

func readVisits(home *os.Root, file string) visits {
	var v visits
	if data, err := readFile(home, file); err != nil || json.Unmarshal(data, &v) != nil {
		v = visits{}
	}
	if v.Conversations == nil {
		v.Conversations = make(map[int]string)
	}
	return v
}

// uuid is the only form of a conversation's id that Claude Code takes.
var uuid = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// newID makes a random UUID (RFC 9562, version 4).
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// recorded tells whether Claude Code has a conversation on record in which the
// tutor has said something. It would end at once if it was asked to go on with
// one that it has not, and wait for the learner where its own opening has gone
// unanswered. The folder is named after the course's by rules of its own.
func recorded(home *os.Root, id string) bool {
	if !uuid.MatchString(id) {
		return false
	}
	found, err := fs.Glob(home.FS(), ".claude/projects/*/"+id+".jsonl")
	if err != nil || len(found) == 0 {
		return false
	}
	info, err := home.Stat(found[0])
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	file, err := home.Open(found[0])
	if err != nil {
		return false
	}
	defer func() { _ = file.Close() }()
	return answered(file)
}

// maxLine is the longest line of a record that is read. Longer ones come after
// answers: they hold files that the tutor has asked for.
const maxLine = 8 << 20

// answered looks for an answer in the record of a conversation, a JSON object a
// line. An error that took an answer's place is none.
func answered(record io.Reader) bool {
	lines := bufio.NewScanner(record)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		var entry struct {
			Type       string `json:"type"`
			IsAPIError bool   `json:"isApiErrorMessage"`
		}
		if json.Unmarshal(lines.Bytes(), &entry) == nil && entry.Type == "assistant" && !entry.IsAPIError {
			return true
		}
	}
	return lines.Err() != nil
}

// makeDir makes folders of the home, each in the one before it, in the place of
// whatever else has the name.
func makeDir(home *os.Root, dirs ...string) error {
	for _, dir := range dirs {
		if info, err := home.Lstat(dir); err == nil && !info.IsDir() {
			if err := home.Remove(dir); err != nil {
				return err
			}
		}
		if err := home.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	return nil
}
