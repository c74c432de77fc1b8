package fakeanthropic

import (
	"slices"
	"strings"
)

// Step is one answer of the model. Each is given once, to the first request that
// it is for.
type Step struct {
	// Said is part of what the user must have said last. Where it is empty, Result
	// is part of what a tool must have given, and where that is empty too, the step
	// is for any request.
	Said, Result string
	// Plain has the step be for a request without tools. Clients ask so for a title
	// or a summary, and where no step is plain they get a harmless answer.
	Plain bool
	// Always keeps the step for more than one request.
	Always bool

	// Thought is what the model thinks before it speaks.
	Thought string
	// Text is what it says: an event each, cut exactly so.
	Text []string
	// Tool is what it asks for after that.
	Tool  *Tool
	Usage Usage

	// Hold keeps the answer back until it is closed, and Pause what comes after
	// the first piece of text.
	Hold, Pause <-chan struct{}
	// Fail is given in place of an answer.
	Fail *Failure
	// Break ends a stream after its text, before its time: with this error, or
	// where that has no type by cutting the connection.
	Break *Failure
}

// Tool is the use of a tool that the model asks for.
type Tool struct {
	Name  string
	Input any
}

// Usage is what the answer has cost, by the names of the API.
type Usage struct {
	Input      int `json:"input_tokens"`
	CacheWrite int `json:"cache_creation_input_tokens"`
	CacheRead  int `json:"cache_read_input_tokens"`
	Output     int `json:"output_tokens"`
}

// usual is the cost of a step that says nothing of it.
var usual = Usage{Input: 12, CacheWrite: 300, CacheRead: 9000, Output: 40}

// Play adds steps to the script.
func (a *API) Play(steps ...Step) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, step := range steps {
		if step.Usage == (Usage{}) {
			step.Usage = usual
		}
		a.script = append(a.script, &step)
	}
}

// Left is how many steps of the script were not played.
func (a *API) Left() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := 0
	for _, step := range a.script {
		if !step.Always {
			n++
		}
	}
	return n
}

// next is the answer to a request.
func (a *API) next(r Request) Step {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i, step := range a.script {
		if !step.isFor(r) {
			continue
		}
		if !step.Always {
			a.script = slices.Delete(a.script, i, i+1)
		}
		return *step
	}
	if len(r.Tools) == 0 {
		return help(r)
	}
	return Step{Text: []string{"I have no answer to that in my script."}, Usage: usual}
}

func (s *Step) isFor(r Request) bool {
	switch {
	case s.Plain != (len(r.Tools) == 0):
		return false
	case s.Said != "":
		return r.Result == "" && strings.Contains(r.Said, s.Said)
	}
	return strings.Contains(r.Result, s.Result)
}

// help is a harmless answer of the kind that was asked for.
func help(r Request) Step {
	if !r.asksJSON {
		return Step{Text: []string{"A lesson"}, Usage: usual}
	}
	answer := object{"title": "A lesson", "isNewTopic": false}
	if properties, ok := r.schema["properties"].(object); ok {
		clear(answer)
		for name, property := range properties {
			kind, _ := property.(object)
			answer[name] = example(kind)
		}
	}
	return Step{Text: []string{marshal(answer)}, Usage: usual}
}

// example is a value that a schema allows.
func example(schema object) any {
	if choice, ok := schema["enum"].([]any); ok && len(choice) > 0 {
		return choice[0]
	}
	switch schema["type"] {
	case "boolean":
		return false
	case "integer", "number":
		return 0
	case "array":
		return []any{}
	case "object":
		return object{}
	}
	return "A lesson"
}
