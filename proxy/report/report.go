// Package report is what the API proxy tells the gateway, and how: that a model
// has called a stage complete, how many tokens were used, and which requests were
// refused. Reports are repeated until the gateway has them, so each has an ID by which a second copy
// is known.
//
// It knows neither the model's API nor what the gateway does with a report.
package report

import (
	"context"
	"time"
)

// Event is one thing to tell. Exactly one of Completed, Used and Refused is set.
type Event struct {
	// ID is the same for each copy of the event, and for no other event.
	ID string    `json:"id"`
	At time.Time `json:"at"`
	// Login, Session, Course and Stage are those of the session token with which
	// the model was asked.
	Login     string     `json:"login"`
	Session   string     `json:"session"`
	Course    string     `json:"course"`
	Stage     int        `json:"stage"`
	Completed *Completed `json:"completed,omitempty"`
	Used      *Usage     `json:"used,omitempty"`
	Refused   *Refused   `json:"refused,omitempty"`
}

// Refused counts requests of one session that were refused for one reason, from
// the event's time on.
type Refused struct {
	// Reason is a word of the proxy's own.
	Reason string `json:"reason"`
	Count  int    `json:"count"`
}

// Completed is a marker that the model wrote.
type Completed struct {
	// Stage is the one that the marker names; 0 is the whole course.
	Stage int `json:"stage"`
}

// Usage counts the tokens of one answer (Anthropic API, Usage).
type Usage struct {
	Model string `json:"model"`
	// Input is what was neither read from the cache nor written to it.
	Input      int64 `json:"input"`
	Output     int64 `json:"output"`
	CacheRead  int64 `json:"cacheRead"`
	CacheWrite int64 `json:"cacheWrite"`
}

// Charged is what counts against a learner's budget: all but what the model read
// from its cache, which is the same conversation again and costs a tenth.
func (u Usage) Charged() int64 { return u.Input + u.Output + u.CacheWrite }

// Gateway is who is told.
type Gateway interface {
	// Record makes events durable; it may be given one again. An event that makes
	// no sense is dropped: an error means that it is worth trying again.
	Record(ctx context.Context, events []Event) error
	// ChargedToday is what a learner has used of the budget since midnight UTC.
	ChargedToday(ctx context.Context, login string) (int64, error)
}
