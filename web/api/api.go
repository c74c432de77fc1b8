// Package api is what front ends see of Lectern: the answers of the REST API and
// the messages of the WebSocket, in their words, and what the page needs of a
// gateway to give them.
//
// It has no behaviour and knows nothing of HTTP, SSH or sandboxes.
package api

import (
	"context"
	"net"
	"time"

	"golang.org/x/crypto/ssh"

	"lectern/gateway/auth"
)

// Me is who a browser is signed in as.
type Me struct {
	Login    string    `json:"login"`
	Admin    bool      `json:"admin"`
	SignedIn time.Time `json:"signedIn"`
	Expires  time.Time `json:"expires"`
	// Recorded is set where what terminals show is recorded.
	Recorded bool `json:"recorded"`
	// SSHLogin and SSHPort are of what ssh leads to the same.
	SSHLogin string `json:"sshLogin"`
	SSHPort  int    `json:"sshPort"`
}

// Course is a course with what one learner has done of it.
type Course struct {
	ID          string  `json:"id"`
	Title       string  `json:"title"`
	Description string  `json:"description,omitempty"`
	Stages      []Stage `json:"stages"`
}

// Stage is a stage of a course as one learner sees it.
type Stage struct {
	Number int    `json:"number"`
	Title  string `json:"title"`
	// State is open, done or locked.
	State       string     `json:"state"`
	CompletedAt *time.Time `json:"completedAt,omitempty"`
}

// Session is a session that is there, or on its way.
type Session struct {
	ID    string `json:"sessionId"`
	Login string `json:"login"`
	// Pod is the name of the sandbox, where there is one.
	Pod string `json:"podName,omitempty"`
	// Status is queued, starting, connected, detached or silent.
	Status      string     `json:"status"`
	CourseID    string     `json:"courseId"`
	CourseTitle string     `json:"courseTitle"`
	Stage       int        `json:"stage"`
	StageTitle  string     `json:"stageTitle,omitempty"`
	StartedAt   time.Time  `json:"startedAt"`
	ExpiresAt   *time.Time `json:"expiresAt,omitempty"`
}

// Started is the answer to the wish for a session.
type Started struct {
	ID       string `json:"sessionId"`
	Pod      string `json:"podName"`
	Status   string `json:"status"`
	CourseID string `json:"courseId"`
	Stage    int    `json:"stage"`
	// Reused is set where the learner had the session already.
	Reused bool `json:"podReused"`
}

// Progress is what a learner has done of one course.
type Progress struct {
	CourseID        string           `json:"courseId"`
	Title           string           `json:"title"`
	CompletedStages []CompletedStage `json:"completedStages"`
	UnlockedStages  []int            `json:"unlockedStages"`
	Complete        bool             `json:"isCourseComplete"`
}

// CompletedStage is a stage that was completed.
type CompletedStage struct {
	Number      int       `json:"stageNumber"`
	CompletedAt time.Time `json:"completedAt"`
	Evidence    string    `json:"evidence"`
}

// NewsType says what a News tells.
type NewsType string

// The types of news, in the words of the WebSocket.
const (
	// Place: the learner is in a sandbox now; without a course, in the picker.
	Place NewsType = "place"
	// AutoStart: a sandbox was joined for the first time, and its lesson begins.
	AutoStart      NewsType = "auto_start"
	StageComplete  NewsType = "stage_complete"
	StageUnlocked  NewsType = "stage_unlocked"
	CourseComplete NewsType = "course_complete"
)

// News is something that has happened to a learner, to be shown at once.
type News struct {
	Type        NewsType `json:"type"`
	Course      string   `json:"course,omitempty"`
	CourseTitle string   `json:"courseTitle,omitempty"`
	Stage       int      `json:"stage,omitempty"`
	// Session is the one of a Place. Epoch counts those who have joined it, this
	// terminal being the last: with it a page that comes back by itself takes
	// nothing from who has come anew since.
	Session string `json:"sessionId,omitempty"`
	Epoch   int    `json:"epoch,omitempty"`
}

// Problem is an error of the API (RFC 9457).
type Problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	// Detail is a sentence for a person: what is wrong and what to do.
	Detail string `json:"detail"`
	// SSHLogin and SSHPort are for one who is not signed in: of what ssh gets them
	// a link.
	SSHLogin string `json:"sshLogin,omitempty"`
	SSHPort  int    `json:"sshPort,omitempty"`
	// SignedInAs and LinkOf are for one whose link is somebody else's than the
	// browser is signed in as.
	SignedInAs string `json:"signedInAs,omitempty"`
	LinkOf     string `json:"linkOf,omitempty"`
}

// Refused is an error of a Gateway with a sentence for the learner.
type Refused struct {
	// Kind says what it is about.
	Kind RefusedKind
	// Detail is the sentence.
	Detail string
}

func (r *Refused) Error() string { return r.Detail }

// RefusedKind is the kind of a refusal.
type RefusedKind string

// The kinds of refusal.
const (
	NotFound    RefusedKind = "not-found"
	Forbidden   RefusedKind = "forbidden"
	Conflict    RefusedKind = "conflict"
	Unavailable RefusedKind = "unavailable"
	// Unwelcome: who was signed in may not be here any more.
	Unwelcome RefusedKind = "unwelcome"
)

// Browser is one that is signed in.
type Browser struct {
	// ID names it, and opens nothing.
	ID       string    `json:"id"`
	SignedIn time.Time `json:"signedIn"`
	LastSeen time.Time `json:"lastSeen"`
	Expires  time.Time `json:"expires"`
	// From is the address that it signed in from, and Agent what it said that it is.
	From  string `json:"from"`
	Agent string `json:"agent"`
}

// Invitation is a link that signs one browser in, once.
type Invitation struct {
	URL     string    `json:"url"`
	Expires time.Time `json:"expires"`
}

// Desk is what the gateway asks of its page, for those who come by SSH.
type Desk interface {
	Invite(who auth.Identity) (Invitation, error)
	Browsers(login string) ([]Browser, error)
	// Revoke signs a learner's browser out, and all of them where id is empty. It
	// tells which those were.
	Revoke(login, id string) (gone []string, err error)
}

// DoorEvent is what happens at the page's door, for the trail of those who come
// and go.
type DoorEvent struct {
	Kind DoorKind
	// Who has signed in or out, and by which browser.
	Who     auth.Identity
	Browser string
	From    net.Addr
	// Why a browser is signed out.
	Why Farewell
}

// DoorKind is the kind of a DoorEvent.
type DoorKind string

// The kinds of events at the door.
const (
	SignedIn  DoorKind = "signed-in"
	SignedOut DoorKind = "signed-out"
	// LinkRefused: somebody came with a link that stands for nobody.
	LinkRefused DoorKind = "link-refused"
)

// Farewell is why a browser is signed out, in words.
type Farewell string

// The reasons.
const (
	FromPage Farewell = "through the page or its API"
	ForNewer Farewell = "for a newer one, since there were too many"
	Replaced Farewell = "for a newer link in the same browser"
)

// Entry is a way into the gateway's SSH server for a browser.
type Entry struct {
	// Conn is the connection, and Config says how to sign in on it.
	Conn   net.Conn
	Config *ssh.ClientConfig
	// News are what happens to the learner, and the places that this connection
	// leads to. Who does not take them misses the oldest.
	News <-chan News
}

// Gateway is what the page asks of the gateway whose page it is. Errors that are
// for a person are *Refused.
type Gateway interface {
	// Still gives who somebody is now that has signed in as who: their key may
	// have been taken away since, and who is an admin may have changed.
	Still(ctx context.Context, who auth.Identity) (auth.Identity, error)
	// Enter opens an SSH connection to the gateway for who, on account of a
	// browser at from.
	Enter(ctx context.Context, who auth.Identity, from net.Addr) (Entry, error)
	// Note keeps what has happened at the door. An error means that it must not
	// have happened.
	Note(e DoorEvent) error
	// Recorded tells whether what terminals show is recorded.
	Recorded() bool

	Catalogue(login string) ([]Course, error)
	ProgressOf(login string) ([]Progress, error)
	// Sessions are those of a learner, and of all where login is empty.
	Sessions(ctx context.Context, login string) ([]Session, error)
	// Start gets who the sandbox of a stage, 0 being the first open one, or gives
	// the one that they have. It waits for a place until ctx ends.
	Start(ctx context.Context, who auth.Identity, from net.Addr, course string, stage int) (Started, error)
	// End ends the session of a learner, on the word of who.
	End(ctx context.Context, who auth.Identity, from net.Addr, session string) error
}
