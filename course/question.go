package course

import (
	"slices"
	"strconv"
	"strings"
)

// questionDraft is a question as its author wrote it, of either format.
type questionDraft struct {
	name      string // in messages
	id        string
	conceptID string
	line      int // of the question
	kind      string
	prompt    string
	// options are those given as a list; often they are in the prompt instead.
	options     []string
	answer      string
	answerLine  int
	explanation string
}

// readQuizObject reads an object that is one question.
func readQuizObject(f fieldReader) questionDraft {
	return readQuiz(f, "question")
}

// readQuiz reads a question whose text is the field promptKey; the other
// fields stand beside it.
func readQuiz(f fieldReader, promptKey string) questionDraft {
	answerKey := "correctAnswer"
	if f.object.get(answerKey) == nil {
		answerKey = "answer"
	}
	d := questionDraft{
		name:       f.name,
		kind:       f.line("type", Warning),
		line:       f.lineOf(promptKey),
		prompt:     f.text(promptKey, Error),
		answer:     f.text(answerKey, Error),
		answerLine: f.lineOf(answerKey),
		// An explanation that repeats the lesson is kept: after a wrong answer
		// it is what the learner needs, and then the page is out of sight.
		explanation: f.text("explanation", Warning),
	}
	if promptKey == "question" {
		// Beside an exercise the id would be that of something else.
		d.id = f.line("id", Warning)
	}
	for _, o := range f.list("options", Error) {
		if !o.isScalar() {
			f.notes.errorf(o.line, "%s: every option must be text, not %s", f.name, o.kind)
			continue
		}
		d.options = append(d.options, cleanLine(o.text))
	}
	return d
}

func ordinalExercise(i int) string {
	return "exercise " + strconv.Itoa(i+1) + " of "
}

// addQuestion appends a finished draft, with an id that is unique in its stage.
// A question that its concept has already, as lessons in both forms do, is
// asked once.
func addQuestion(list []Question, d questionDraft, n notes) []Question {
	q, ok := d.question(n)
	same := func(other Question) bool {
		return other.ConceptID == q.ConceptID && other.Prompt == q.Prompt && slices.Equal(other.Options, q.Options)
	}
	if !ok || slices.ContainsFunc(list, same) {
		return list
	}
	if len(list) == maxQuestions {
		n.errorf(d.line, "a stage has more than %d questions; split it", maxQuestions)
		return list
	}
	taken := func(id string) bool {
		return slices.ContainsFunc(list, func(other Question) bool { return other.ID == id })
	}
	if q.ID != "" && taken(q.ID) {
		n.warnf(d.line, "%s: another question of the stage has the id %s", d.name, quote(q.ID))
		q.ID = ""
	}
	base := q.ConceptID
	if base == "" {
		base = "question"
	}
	for i := 1; q.ID == "" || taken(q.ID); i++ {
		q.ID = base + "-" + strconv.Itoa(i)
	}
	return append(list, q)
}

// question makes a Question of the draft, noting what is wrong with it. The
// flag is false if there is nothing to ask.
func (d questionDraft) question(n notes) (Question, bool) {
	if d.prompt == "" {
		n.errorf(d.line, "%s has no question", d.name)
		return Question{}, false
	}
	q := Question{
		ID: d.id, ConceptID: d.conceptID, Kind: d.declaredKind(n),
		Prompt: d.prompt, Answer: d.answer, Correct: -1, Explanation: d.explanation,
	}
	switch q.Kind {
	case FreeResponse, CodeChallenge:
		if len(d.options) > 0 {
			n.warnf(d.line, "%s is of type %s, so its options are not shown", d.name, q.Kind)
		}
	default:
		stem, options := d.choices()
		if len(options) > 0 {
			q.Kind, q.Prompt, q.Options = MultipleChoice, stem, options
		} else if q.Kind == MultipleChoice {
			n.errorf(d.line, "%s is multiple choice but has no options; give at least two", d.name)
			return Question{}, false
		} else {
			q.Kind = FreeResponse
		}
	}
	if q.Kind == MultipleChoice {
		d.settle(&q, n)
	} else if q.Answer == "" {
		n.warnf(d.line, "%s has no answer to compare with", d.name)
	}
	return q, true
}

// declaredKind returns the kind the author names; "" if none is named.
func (d questionDraft) declaredKind(n notes) Kind {
	kind := Kind(strings.NewReplacer("_", "-", " ", "-").Replace(strings.ToLower(d.kind)))
	switch kind {
	case "", MultipleChoice, FreeResponse, CodeChallenge:
		return kind
	}
	n.warnf(d.line, "%s has the unknown type %s; use %s, %s or %s", d.name, quote(d.kind), MultipleChoice, FreeResponse, CodeChallenge)
	return ""
}

// choices returns the prompt without its options, and the options, wherever
// the author has put them.
func (d questionDraft) choices() (string, []string) {
	if len(d.options) > 0 {
		return dropInstructions(d.prompt), withoutLabels(d.options)
	}
	if stem, options := parseOptions(d.prompt); len(options) > 0 {
		return stem, options
	}
	if stem, options := parseInlineOptions(d.prompt); matchOption(options, d.answer) >= 0 {
		return stem, options
	}
	if options := impliedOptions(d.prompt); matchImplied(options, d.answer) >= 0 {
		return dropInstructions(d.prompt), options
	}
	return d.prompt, nil
}

// settle finds the right option of a multiple-choice question.
func (d questionDraft) settle(q *Question, n notes) {
	if len(q.Options) > maxOptions {
		n.errorf(d.line, "%s has more than %d options", d.name, maxOptions)
		q.Options = q.Options[:maxOptions]
	}
	if len(q.Options) == 1 {
		n.warnf(d.line, "%s has only one option", d.name)
	}
	for i, option := range q.Options {
		if option == "" {
			n.errorf(d.line, "%s: option %d is empty", d.name, i+1)
		} else if slices.Contains(q.Options[:i], option) {
			n.errorf(d.line, "%s: option %d says the same as another", d.name, i+1)
		}
	}
	q.Correct = matchOption(q.Options, d.answer)
	if q.Correct < 0 {
		q.Correct = matchImplied(q.Options, d.answer)
	}
	switch {
	case q.Correct >= 0:
		q.Answer = q.Options[q.Correct]
	case d.answer == "":
		n.errorf(d.line, "%s has no answer; give the text or the number of the right option", d.name)
	default:
		n.errorf(d.answerLine, "%s: the answer %s is none of its options; give the text or the number of the right one", d.name, quote(d.answer))
	}
}
