// Package sandbox says what a sandbox is and which rules its life follows.
//
// A sandbox is the private place in which one learner studies one stage: a
// Pod, or on a laptop a bubblewrap jail. Its only program is the holder
// (sandbox/hold), which owns a pseudo-terminal and runs the tutor in it.
//
// The package knows no kind of sandbox: those are Backends, one a folder. It
// knows nothing of SSH, screens or the progress store either.
package sandbox

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"io"
	"strings"
	"time"

	"lectern/sandbox/event"
)

// Spec is what a learner asks for.
type Spec struct {
	// Login is the learner, in lower case. It is the identity: one live sandbox
	// a login.
	Login string
	// Session is the id of the session that a new sandbox will carry.
	Session string
	// CourseID, CourseTitle and CourseDir name the course; CourseDir is an
	// absolute path on the gateway's host.
	CourseID    string
	CourseTitle string
	CourseDir   string
	// Stage is the number of the stage, from 1.
	Stage int
	// Environ is what of the learner's terminal the tutor needs to know:
	// TERM, COLORTERM, LANG. Nothing else of anybody's environment gets in.
	Environ []string
}

// Info is what is true about a sandbox. It is read from the sandbox itself,
// never from the memory of one gateway.
type Info struct {
	// Session identifies the sandbox among all that ever were.
	Session  string
	Login    string
	CourseID string
	Stage    int
	// AsksModel is set where the tutor asks a model: then the API proxy says what
	// is complete, and what comes out of the sandbox itself is no evidence.
	AsksModel bool
	// Epoch counts the attaches; the newest one holds the terminal.
	Epoch int
	// Started is when the learner got the sandbox. The clocks count from here.
	Started time.Time
	// Expires is when its life ends.
	Expires time.Time
	// Attached tells whether a terminal is joined now.
	Attached bool
	// DetachedAt is when the last terminal left; zero while attached.
	DetachedAt time.Time
	// Alone is how long that is ago; zero while attached. A sandbox that is
	// asked tells it by a clock that no change of the date moves; what is told
	// of it without asking may be wrong by such a change.
	Alone time.Duration
	// LastInput is when the learner last typed.
	LastInput time.Time
	// Place is where it runs: the name of the node, or of the host.
	Place string
	// Watched are the names of those who look at the terminal now, in the order in
	// which they came.
	Watched []string
	// Silent is set where the sandbox is there and does not answer: of what
	// changes during its life nothing is known, and its Epoch is NoEpoch.
	Silent bool
}

// NoEpoch is the epoch of no sandbox: Reap with it ends only one that does not
// answer.
const NoEpoch = -1

// PhaseKind is a step of getting a sandbox ready; they happen in this order.
type PhaseKind string

// The phases that a Backend reports.
const (
	Queued     PhaseKind = "queued"
	Scheduling PhaseKind = "scheduling"
	Pulling    PhaseKind = "pulling"
	Starting   PhaseKind = "starting"
	Copying    PhaseKind = "copying"
	Ready      PhaseKind = "ready"
)

// Phase tells what is happening while a learner waits.
type Phase struct {
	Kind PhaseKind
	// Position and Length are the place in the queue and its length, from 1;
	// both are 0 unless Kind is Queued.
	Position, Length int
	// Detail is for the learner and may be empty.
	Detail string
}

// Terminal is the learner's end of an attach.
type Terminal struct {
	// In gives what the learner types. Attach closes it when it ends; bytes
	// that it has not read by then stay with whoever owns the other side.
	In io.ReadCloser
	// Out takes the tutor's output as it is, byte for byte.
	Out io.Writer
	// Size is the size at the time of attaching.
	Size Size
	// Resizes gives newer sizes. It may be nil.
	Resizes <-chan Size
	// Epoch makes a Control go on from an earlier one whose way to the sandbox
	// was lost: it is that one's Exit.Epoch, and where a newer one has joined
	// since and is there, it is refused as TakenOver. 0 is a learner who comes anew.
	Epoch int
	// Returning is set where the learner's end has given that earlier one up, and
	// may not have been told of others that went on from it: to those it is the
	// newer one. It is refused only where somebody is there who came anew since.
	Returning bool
	// Joined is told the epoch of a Control that was let in, before any output, by
	// the goroutine that writes to Out. It may be nil.
	Joined func(epoch int)
	// Watcher is who looks, for Watch. The learner is told for as long as it lasts,
	// also where it is empty.
	Watcher string
	// Sized is told, for Watch, which size the output is drawn for: first before
	// any output, and then before the output that is drawn for another size. It is
	// called by the goroutine that writes to Out, and may be nil.
	Sized func(Size)
}

// AttachMode is what an attach may do.
type AttachMode string

const (
	// Control types and resizes; it takes the terminal from an older Control.
	Control AttachMode = "attach"
	// Watch only looks: nothing that it does reaches the tutor, and it counts
	// neither as joined nor as typing.
	Watch AttachMode = "watch"
)

// Ending says why an attach or a sandbox ended.
type Ending string

// The endings. All but TakenOver and Detached are endings of the sandbox.
const (
	Exited    Ending = "exited"     // the tutor left with a status
	Signalled Ending = "signalled"  // the tutor was ended by a signal
	Killed    Ending = "killed"     // somebody ended the sandbox
	Stopped   Ending = "stopped"    // its host asked it to end
	LifeOver  Ending = "life-over"  // its time was up
	Idle      Ending = "idle"       // nobody typed for too long
	Lost      Ending = "lost"       // it vanished without a word
	TakenOver Ending = "taken-over" // a newer connection has the terminal
	Detached  Ending = "detached"   // this connection left; the tutor runs on
)

// Exit is how an attach ended.
type Exit struct {
	Ending Ending `json:"ending"`
	// Code is the tutor's exit status, or 128 plus the signal's number.
	Code int `json:"code"`
	// Reason is a sentence for the learner; may be empty.
	Reason string `json:"reason,omitempty"`
	// Epoch is the one of the attach that ended; 0 where it had none.
	Epoch int `json:"-"`
	// Cause is set by a Backend that knows what has taken the sandbox's life. No
	// sandbox can say it of itself.
	Cause Cause `json:"-"`
}

// Over tells whether the sandbox itself has ended.
func (e Exit) Over() bool { return e.Ending != TakenOver && e.Ending != Detached }

// Sandbox is one live sandbox.
type Sandbox interface {
	// Made tells what the sandbox was made for: session, login, course and
	// stage, which never change. It asks nobody and fills in nothing else.
	Made() Info
	// Info asks the sandbox what is true about it now. One that was asked to end
	// is gone (ErrGone), though it may take a while.
	Info(ctx context.Context) (Info, error)
	// Attach joins the tutor's terminal until the tutor ends, a newer attach
	// takes over or ctx ends. It returns an error only where the terminal
	// could not be joined.
	Attach(ctx context.Context, mode AttachMode, t Terminal) (Exit, error)
	// Kill ends the tutor and everything it started, and tells every joined
	// terminal the reason. It returns once nothing of it runs any more.
	Kill(ctx context.Context, reason string) error
	// Reap ends the sandbox as Kill does, but only while nobody has joined it
	// since the given epoch, so that a fresh attach is never shot; somebody has:
	// ErrJoined. One that does not answer is ended all the same.
	Reap(ctx context.Context, epoch int, reason string) error
	// Extend moves the end of its life to d from now, and refuses what is no
	// time or more than the sandbox can last.
	Extend(ctx context.Context, d time.Duration) error
	// Tell shows the learner one line without disturbing the screen, behind those
	// that wait for their turn. While no terminal is joined, the latest ones are
	// kept for the next. Of any text it makes a Line.
	Tell(ctx context.Context, text string) error
}

// Unavailable says, in a sentence for the learner, why there can be no sandbox
// now. To try again at once would not help.
type Unavailable struct {
	Reason string
	// Full is set where it is only for lack of room, which time may mend.
	Full bool
	// Err is for the log.
	Err error
}

func (u *Unavailable) Error() string { return u.Reason }

func (u *Unavailable) Unwrap() error { return u.Err }

var (
	// ErrGone says that a sandbox has ended.
	ErrGone = errors.New("the sandbox has ended")
	// ErrJoined says that a sandbox was not reaped because it is not alone.
	ErrJoined = errors.New("somebody has joined the sandbox")
)

// Backend makes and finds sandboxes. Every Backend passes sandbox/conformance.
type Backend interface {
	// Acquire returns the learner's live sandbox, whatever its stage, or makes
	// one, and reports phases meanwhile. Of calls that race for one learner
	// all get the same sandbox.
	Acquire(ctx context.Context, spec Spec, report func(Phase)) (Sandbox, error)
	// Find returns the learner's live sandbox, or ok false. It may be one that
	// does not answer: then its Info tells so.
	Find(ctx context.Context, login string) (sb Sandbox, ok bool, err error)
	// List tells of all live sandboxes, in the order in which they started. One
	// that does not answer holds nobody up.
	List(ctx context.Context) ([]Info, error)
	// Watch calls handle for each Change, from one goroutine, until ctx ends.
	// Sandboxes that are there already are watched as well. A Completed change
	// is repeated until handle returns nil for it.
	Watch(ctx context.Context, handle func(context.Context, Change) error) error
}

// Change is news of a sandbox that did not come from an attach.
type Change struct {
	Info Info
	// Ended is how the sandbox ended; nil where that is no news.
	Ended *Exit
	// Freed is set once nothing of an ended sandbox takes up room any more.
	Freed bool
	// Completed is a stage that the tutor graded as finished.
	Completed *event.Message
}

// Name is the name of a learner's sandbox: the same for every gateway, valid
// as a Kubernetes name and a file name, and different for logins that would
// collide if characters were merely stripped.
func Name(login string) string {
	sum := sha256.Sum256([]byte(strings.ToLower(login)))
	return "lab-" + strings.ToLower(base32.StdEncoding.EncodeToString(sum[:10]))
}
