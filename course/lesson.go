package course

import (
	"regexp"
	"slices"
	"strings"
)

var headingLine = regexp.MustCompile(`^#{1,6}\s+(.*)$`)

// stripRepeats takes out of the start of a lesson's content what the page
// shows beside it anyway: a section that lists exactly the key ideas, whatever
// its heading and language, and then a bare heading "Explanation".
func stripRepeats(content string, keyIdeas []string) string {
	lines := strings.Split(content, "\n")
	lines = afterKeyIdeas(lines, keyIdeas)
	first := firstText(lines)
	if first < len(lines) {
		if m := headingLine.FindStringSubmatch(lines[first]); m != nil {
			switch fold(plain(m[1])) {
			case "explanation", "설명":
				lines = lines[first+1:]
			}
		}
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// afterKeyIdeas returns the lines behind a leading list of the key ideas.
func afterKeyIdeas(lines, keyIdeas []string) []string {
	start := firstText(lines)
	if len(keyIdeas) == 0 || start == len(lines) || !headingLine.MatchString(lines[start]) {
		return lines
	}
	var listed []string
	next := start + 1
	for ; next < len(lines); next++ {
		line := strings.TrimSpace(lines[next])
		if line == "" {
			continue
		}
		item, isItem := cutBullet(line)
		if !isItem {
			break
		}
		listed = append(listed, item)
	}
	same := slices.EqualFunc(listed, keyIdeas, func(a, b string) bool { return normalise(a) == normalise(b) })
	if !same {
		return lines
	}
	return lines[next:]
}

func firstText(lines []string) int {
	i := 0
	for i < len(lines) && strings.TrimSpace(lines[i]) == "" {
		i++
	}
	return i
}

func cutBullet(line string) (string, bool) {
	for _, mark := range []string{"- ", "* ", "+ "} {
		if item, ok := strings.CutPrefix(line, mark); ok {
			return cleanLine(item), true
		}
	}
	return "", false
}

// readExercises reads the questions of a lesson: a single "exercise", whose
// answer and explanation stand beside it, and a list of "exercises". Both may
// be there.
func readExercises(f fieldReader, conceptID string) []questionDraft {
	var drafts []questionDraft
	add := func(d questionDraft) {
		d.conceptID = conceptID
		drafts = append(drafts, d)
	}
	if exercise := f.object.get("exercise"); exercise != nil {
		name := "the exercise of " + f.name
		switch {
		case exercise.kind == objectValue:
			add(readQuizObject(fieldReader{exercise, name, f.notes}))
		case !exercise.isScalar():
			f.notes.errorf(exercise.line, "%s must be text, not %s", name, exercise.kind)
		case cleanLine(exercise.text) != "":
			add(readQuiz(fieldReader{f.object, name, f.notes}, "exercise"))
		}
	}
	for i, item := range f.list("exercises", Error) {
		name := f.name
		if len(f.object.get("exercises").items) > 1 {
			name = ordinalExercise(i) + name
		} else {
			name = "the exercise of " + name
		}
		switch {
		case item.kind == objectValue:
			add(readQuizObject(fieldReader{item, name, f.notes}))
		case item.isScalar():
			add(questionDraft{name: name, line: item.line, answerLine: item.line, prompt: cleanText(item.text)})
		default:
			f.notes.errorf(item.line, "%s must be an object, not %s", name, item.kind)
		}
	}
	return drafts
}
