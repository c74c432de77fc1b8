// Package course knows what a course is: its stages, concepts and quizzes,
// the file formats they come in, and how an answer is graded.
//
// It is pure: it reads files below a folder it is given and writes none, and
// it imports nothing else of Lectern.
package course

// Course is one course as a learner sees it, whatever format its files have.
type Course struct {
	// ID names the course in URLs, labels and the progress store: lower case
	// letters, digits, dots, underscores and hyphens.
	ID string
	// Title is for people. It is never empty and may hold wide characters.
	Title string
	// Description is plain text of one or a few sentences; may be empty.
	Description string
	// Authors may be empty.
	Authors []string
	// Dir is the absolute path of the folder that holds CLAUDE.md.
	Dir string
	// Stages are in the order in which they are learned; Stages[i].Number is i+1.
	Stages []Stage
}

// Stage is a part of a course that is learned, quizzed and completed as one.
type Stage struct {
	// Number counts from 1 and is unique in its course.
	Number int
	// ID is the author's own name of the stage; may be empty.
	ID string
	// Title is for people and never empty.
	Title string
	// Description is plain text; may be empty.
	Description string
	Concepts    []Concept
	// Questions are all the stage's questions in the order in which they are
	// asked. Their ConceptID says which concept they belong to.
	Questions []Question
}

// Concept is one page or a few of teaching.
type Concept struct {
	ID    string
	Title string
	// Body is Markdown.
	Body string
	// KeyIdeas are single sentences (inline Markdown).
	KeyIdeas []string
	// CodeRef and PaperRef name the source in the author's words; may be empty.
	CodeRef  string
	PaperRef string
}

// Kind is how a question is answered.
type Kind string

// The kinds of question. CodeChallenge is graded like FreeResponse.
const (
	MultipleChoice Kind = "multiple-choice"
	FreeResponse   Kind = "free-response"
	CodeChallenge  Kind = "code-challenge"
)

// Question is one question of a stage's quiz.
type Question struct {
	ID string
	// ConceptID is the concept it tests; empty where it tests the whole stage.
	ConceptID string
	Kind      Kind
	// Prompt is Markdown, without the options.
	Prompt string
	// Options are the choices of a MultipleChoice question, without numbers.
	Options []string
	// Answer is the right answer in words: the text of an option, or a model
	// answer of a free response.
	Answer string
	// Correct is the index in Options of the right one; -1 for other kinds.
	Correct int
	// Explanation is Markdown that says why; may be empty.
	Explanation string
}

// Verdict is what grading an answer gave.
type Verdict int

const (
	// Wrong: the answer is certainly not the right one.
	Wrong Verdict = iota
	// Right: the answer is certainly the right one.
	Right
	// Unsure: a free response that cannot be compared with certainty; the
	// learner is shown the model answer and checks for themselves.
	Unsure
	// Unclear: no answer at all, or a number that is no option; ask again.
	Unclear
)
