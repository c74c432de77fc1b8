// Package event is the language that a tutor and the holder around it speak
// beside the terminal: JSON lines over an inherited Unix socket. Because it is
// a channel of its own, nothing that a learner types into the terminal, and
// nothing the terminal shows, can ever be taken for a completed stage.
package event

// FDVariable is the environment variable that names the file descriptor of
// the tutor's end of the socket.
const FDVariable = "LECTERN_EVENT_FD"

// Type says what a Message means.
type Type string

const (
	// Completed goes from the tutor outwards: the learner has finished Stage.
	// It is answered with Recorded once it is durable, and may be repeated
	// with the same ID without harm.
	Completed Type = "completed"
	// Recorded goes to the tutor: the Completed with this ID is durable.
	Recorded Type = "recorded"
	// Notice goes to the tutor: Text is for the learner, in one line, to be shown
	// until it could be read. None comes while no terminal is joined.
	Notice Type = "notice"
	// Watched goes to the tutor: Text is who looks at the learner's screen, as
	// "grace watches", and is to be shown until the next one; empty is nobody.
	Watched Type = "watched"
)

// Message is one line.
type Message struct {
	Type Type `json:"type"`
	// ID is chosen by the tutor and unique in its sandbox.
	ID string `json:"id,omitempty"`
	// Stage is the number of the completed stage.
	Stage int `json:"stage,omitempty"`
	// Score of Questions were answered rightly at the first attempt.
	Score     int `json:"score,omitempty"`
	Questions int `json:"questions,omitempty"`
	// Text is plain text in one line.
	Text string `json:"text,omitempty"`
}
