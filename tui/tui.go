// Package tui holds the screens that a person sees in a terminal: the picker
// of courses and stages, the question before a session is replaced, and the
// waiting room while a sandbox is made ready.
//
// It knows Bubble Tea, and of Lectern how its screens look. What it shows comes in as
// the plain structs of this file, what it has to get done goes out through the
// functions in [Options], and what the learner chose is read from
// [App.Result] when the program has ended. It does not know of SSH, Pods,
// stores or course files.
package tui

import "time"

// StageState says whether a learner may start a stage.
type StageState int

// The states of a stage.
const (
	// Open: may be started and is not done yet.
	Open StageState = iota
	// Done: was completed; may be started again.
	Done
	// Locked: may not be started before another stage is done.
	Locked
)

// Stage is one stage of a course as the learner who looks at it sees it.
type Stage struct {
	// Number counts from 1 and is unique in its course.
	Number int
	Title  string
	// Description is plain text; line feeds part paragraphs. It may be empty.
	Description string
	// Concepts are the titles of what is taught, in order.
	Concepts []string
	// Questions is how many questions the stage asks.
	Questions int
	State     StageState
	// DoneAt is when a Done stage was completed, in the zone in which it is to
	// be shown; the zero time where that is not known.
	DoneAt time.Time
}

// Course is one course with the learner's progress in it.
type Course struct {
	// ID is unique among the courses of a [Home] and comes back in [Choice].
	ID    string
	Title string
	// Description is plain text; line feeds part paragraphs. It may be empty.
	Description string
	Authors     []string
	// Stages are in the order in which they are learned.
	Stages []Stage
}

// Session is the learner's running sandbox.
type Session struct {
	CourseID    string
	CourseTitle string
	Stage       int
	StageTitle  string
	// Since is when it began, Expires when it ends at the latest; a zero
	// Expires is not shown.
	Since, Expires time.Time
	// Attached is true while another connection shows it.
	Attached bool
}

// NoticeKind says how a notice is meant.
type NoticeKind int

// The kinds of notice.
const (
	// Info tells something that is neither good nor bad.
	Info NoticeKind = iota
	// Good tells of a success, such as a finished stage.
	Good
	// Bad tells of something that went wrong.
	Bad
)

// Notice is a short sentence above the lists. One without text is not shown.
type Notice struct {
	Text string
	Kind NoticeKind
}

// Home is all that the picker shows. The picker only reads it, so one value
// may be shared by many pickers as long as nobody changes it.
type Home struct {
	// Login is the learner's name.
	Login   string
	Courses []Course
	// Running is the learner's session, nil where there is none. Its course
	// need not be among Courses any more.
	Running *Session
	Notice  Notice
	// Tokens is what the learner has used of a model, nil where that is nothing
	// to show.
	Tokens *Tokens
	// Recorded is true where what happens in a session is recorded, which its
	// learner has to know.
	Recorded bool
}

// Tokens counts what a learner has used of a model.
type Tokens struct {
	// Today is since midnight UTC.
	Today int64
	// PerDay is how many there may be in a day; 0 is no limit.
	PerDay int64
}

// Place is a stage of a course.
type Place struct {
	CourseID string
	Stage    int
}

// Phase is one step on the way to a ready sandbox. A report with the same Name
// as the one before updates that step; another Name begins the next one.
type Phase struct {
	// Name is a few words, such as "Waiting for a place".
	Name string
	// Position is the learner's place in a queue of Length; it counts from 1.
	// Both are 0 when there is no queue.
	Position, Length int
	// Detail is one more line below the name; it may be empty.
	Detail string
}

// Choice is what the learner wants started.
type Choice struct {
	CourseID string
	Stage    int
	// Resume: go back into the running session, which is in this stage.
	Resume bool
	// Replace: end the running session first; the learner has agreed.
	Replace bool
}

// Action says how a picker ended.
type Action int

// The ways in which a picker ends.
const (
	// Quit: the learner left, or the program ended before anything was ready.
	Quit Action = iota
	// Attach: the sandbox of the choice is ready and wants a terminal.
	Attach
)

// Result is the outcome of a picker. Choice means something with Attach only.
type Result struct {
	Action Action
	Choice Choice
}

// Background is the colour behind the text, as far as it is known.
type Background int

// The backgrounds.
const (
	// BackgroundUnknown: the terminal is asked, and taken for dark until it
	// answers.
	BackgroundUnknown Background = iota
	BackgroundDark
	BackgroundLight
)
