package audit

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"
)

// Kind says what happened. docs/audit.md tells which fields an event of each
// kind has.
type Kind string

// The kinds of events.
const (
	Started Kind = "gateway-started"
	Stopped Kind = "gateway-stopped"

	SignedIn Kind = "signed-in"
	Refused  Kind = "refused" // a connection or a sign-in

	BrowserSignedIn  Kind = "browser-signed-in"
	BrowserSignedOut Kind = "browser-signed-out"

	SandboxMade  Kind = "sandbox-made"
	Attached     Kind = "attached"
	Detached     Kind = "detached"
	TakenOver    Kind = "taken-over" // the terminal, by a newer connection of the same learner
	SandboxEnded Kind = "sandbox-ended"
	Completed    Kind = "stage-completed"

	// What somebody does to a session or to the gateway: By says who.
	Killed     Kind = "killed"
	Messaged   Kind = "messaged"
	Extended   Kind = "extended"
	Granted    Kind = "granted"
	DoorClosed Kind = "door-closed"
	DoorOpened Kind = "door-opened"
	WatchBegan Kind = "watch-began"
	WatchEnded Kind = "watch-ended"

	ProxyRefused Kind = "proxy-refused"

	Gap Kind = "gap" // events that could not be written
)

// Kinds are all there are.
func Kinds() []Kind {
	return []Kind{
		Started, Stopped, SignedIn, Refused, BrowserSignedIn, BrowserSignedOut, SandboxMade, Attached, Detached, TakenOver, SandboxEnded, Completed,
		Killed, Messaged, Extended, Granted, DoorClosed, DoorOpened, WatchBegan, WatchEnded, ProxyRefused, Gap,
	}
}

// Event is one line of the trail. Nothing in it was typed by a person: no
// message, no command line, no reason in somebody's own words.
type Event struct {
	// Time is when it was recorded; Record sets it.
	Time time.Time `json:"time"`
	Kind Kind      `json:"kind"`
	// ID is that of a report of the proxy, which may come twice.
	ID string `json:"id,omitempty"`
	// Login is whom it is about.
	Login string `json:"login,omitempty"`
	// By is who did it, where somebody does something to a session.
	By string `json:"by,omitempty"`
	// Key is the fingerprint of an SSH key.
	Key string `json:"key,omitempty"`
	// Remote is the address of the other end of a connection.
	Remote  string `json:"remote,omitempty"`
	Session string `json:"session,omitempty"`
	Course  string `json:"course,omitempty"`
	Stage   int    `json:"stage,omitempty"`
	// Ending is how a sandbox ended (sandbox.Ending).
	Ending string `json:"ending,omitempty"`
	// Reason is a word or a sentence of the program's own.
	Reason string `json:"reason,omitempty"`
	// Evidence is what a completed stage rests on (progress.Evidence).
	Evidence string `json:"evidence,omitempty"`
	// Count is how many there were, where the event stands for more than one,
	// and Since when the first of them was.
	Count int       `json:"count,omitempty"`
	Since time.Time `json:"since,omitzero"`
	// Detail is what else is worth to know, in a few words of the program's own.
	Detail string `json:"detail,omitempty"`
}

// longest bounds each text of an event, and so the line: a few of them come
// from what clients say.
const longest = 256

// bounded is the event with no text longer than that, and none that a terminal
// could act upon.
func (e Event) bounded() Event {
	fields := reflect.ValueOf(&e).Elem()
	for i := range fields.NumField() {
		if f := fields.Field(i); f.Kind() == reflect.String {
			f.SetString(cut(f.String()))
		}
	}
	return e
}

func cut(text string) string {
	text = printable(text)
	if len(text) <= longest {
		return text
	}
	at := longest
	for !utf8.RuneStart(text[at]) {
		at--
	}
	return text[:at] + "…"
}

// line is the event as JSON (RFC 8259) with a line end.
func (e Event) line() []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(e.bounded()) // texts, numbers and dates of this age always encode
	return out.Bytes()
}

// readEvent is what line has written.
func readEvent(line []byte) (Event, error) {
	var e Event
	decoder := json.NewDecoder(bytes.NewReader(line))
	if err := decoder.Decode(&e); err != nil {
		return Event{}, errDamaged
	}
	if decoder.More() || e.Kind == "" || e.Time.IsZero() {
		return Event{}, errDamaged
	}
	return e, nil
}

// Is tells whether an event is about somebody, or done by them.
func (e Event) Is(login string) bool {
	return strings.EqualFold(e.Login, login) || strings.EqualFold(e.By, login)
}
