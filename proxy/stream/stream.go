// Package stream reads an answer of the model's API as it passes: it hears when
// the answer begins, which tokens it has cost, and when the model calls a stage
// complete. What passes is not changed, and not held up but for one thing: the
// event that completes a marker is given on once that has been told, so that
// nobody sees a stage finished that is not.
//
// It knows the API's answers, and neither requests nor who is told.
package stream

import (
	"errors"
	"io"
	"mime"
	"sync"

	"lectern/proxy/report"
)

// Hear is told what passes. Calls come from the goroutine that reads; Done may
// come from the one that closes.
type Hear struct {
	// First is called when the first event of a stream, or the first byte of
	// another answer, has come.
	First func()
	// Completed is called when the model has written a marker: for a stage, or for
	// the whole course, which is 0; once for each in an answer. What completes the
	// marker is given on when Completed returns, so it may block.
	Completed func(stage int)
	// Done is called exactly once: at the end, at an error, or when the answer is
	// closed before.
	Done func(report.Usage, Outcome)
}

// Outcome says how an answer ended.
type Outcome string

const (
	// Whole is an answer that came to its end.
	Whole Outcome = "whole"
	// Cut is one that did not: the upstream broke off, or the client left.
	Cut Outcome = "cut"
	// Failed is one in which the API told of an error.
	Failed Outcome = "failed"
)

// format is how an answer is written.
type format interface {
	// scan reads on in b, but not beyond the end of an event. It returns how much
	// it has read, and whether an event ended there.
	scan(b []byte) (n int, event bool)
}

// reader passes an answer on.
type reader struct {
	body    io.ReadCloser
	hear    Hear
	format  format
	message *message
	// plain is an answer that is no event stream; opaque one in which there is
	// nothing to find.
	plain, opaque bool

	first, done sync.Once

	// What follows belongs to the goroutine that reads.

	err    error  // the body's, kept until what came before it is given on
	held   []byte // what was read and is not given on yet
	free   int    // how many bytes of held may be given on
	seen   int    // how many bytes of held were looked at
	stages []int  // what the event held[free:seen] completes
}

// NewReader passes body on unchanged. contentType is the answer's, and decides
// what to look for in it; markers are looked for in a lesson only. Closing it
// closes body, and may be done while another goroutine reads.
func NewReader(body io.ReadCloser, contentType string, lesson bool, hear Hear) io.ReadCloser {
	r := &reader{body: body, hear: hear, message: &message{lesson: lesson && hear.Completed != nil}}
	// A parameter that cannot be read makes no other type of it.
	kind, _, _ := mime.ParseMediaType(contentType)
	switch kind {
	case "text/event-stream":
		r.format = &events{message: r.message}
	case "application/json":
		r.plain, r.format = true, &answer{message: r.message}
	default:
		r.plain, r.opaque = true, true
	}
	return r
}

// Read gives on what the body has at once, or what was held back of it.
func (r *reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if len(r.held) == 0 {
		n, err := r.next(p)
		if n > 0 || err != nil || len(r.held) == 0 {
			return n, err
		}
	}
	if r.free == 0 {
		for _, stage := range r.stages {
			r.hear.Completed(stage)
		}
		r.free, r.seen, r.stages = r.look(r.held, r.seen)
	}
	n := copy(p, r.held[:r.free])
	r.held, r.free, r.seen = r.held[n:], r.free-n, r.seen-n
	return n, nil
}

// next reads from the body straight into p. It holds back what comes from an
// event with a marker on.
func (r *reader) next(p []byte) (int, error) {
	var n int
	if r.err == nil {
		n, r.err = r.body.Read(p)
	}
	if n == 0 {
		if r.err != nil {
			r.finish(errors.Is(r.err, io.EOF))
		}
		return 0, r.err
	}
	if r.plain {
		r.begin()
	}
	free, seen, stages := r.look(p[:n], 0)
	if stages != nil {
		r.held = append([]byte(nil), p[free:n]...)
		r.free, r.seen, r.stages = 0, seen-free, stages
	}
	return free, nil
}

// look finds out how many bytes of b are free to go, of which it has seen some
// before. Where that is not all, the event after them completes stages, and
// ends where b is seen now.
func (r *reader) look(b []byte, before int) (free, seen int, stages []int) {
	if r.opaque {
		return len(b), len(b), nil
	}
	free, seen = before, before
	for seen < len(b) {
		n, event := r.format.scan(b[seen:])
		seen += n
		if !event {
			continue
		}
		r.begin()
		if stages := r.message.completed(); stages != nil {
			return free, seen, stages
		}
		free = seen
	}
	return len(b), len(b), nil
}

func (r *reader) begin() {
	r.first.Do(func() {
		if r.hear.First != nil {
			r.hear.First()
		}
	})
}

// finish tells how the answer ended; end says that the body did.
func (r *reader) finish(end bool) {
	r.done.Do(func() {
		usage, outcome := r.message.result()
		if r.opaque && end {
			outcome = Whole
		}
		if r.hear.Done != nil {
			r.hear.Done(usage, outcome)
		}
	})
}

// Close ends the answer.
func (r *reader) Close() error {
	err := r.body.Close()
	r.finish(false)
	return err
}
