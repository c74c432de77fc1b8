package gateway

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"lectern/gateway/audit"
	"lectern/gateway/auth"
	"lectern/progress"
	"lectern/sandbox"
)

// admin is somebody who looks after everybody's sessions. Each act looks first
// whether they still may, and then for the sandbox, which any gateway may have
// made: nothing is remembered from one act to the next.
type admin struct {
	server *Server
	who    auth.Identity
	remote string // where they are
}

func (s *session) admin() admin { return admin{server: s.server, who: s.who, remote: s.remote} }

// record writes an act into the audit trail. It never says in whose words.
func (a admin) record(kind audit.Kind, of sandbox.Info, detail string) {
	e := eventOf(kind, of)
	e.By, e.Remote, e.Detail = a.who.Login, a.remote, detail
	_ = a.server.Audit.Record(e)
}

// NoLongerAdmin is the error of an act of somebody whose right to it was taken
// away while they were connected.
type NoLongerAdmin struct{ Reason error }

func (n *NoLongerAdmin) Error() string {
	return "You are no admin here any more. " + n.Reason.Error()
}

func (n *NoLongerAdmin) Unwrap() error { return n.Reason }

// may is nil as long as the admin is one.
func (a admin) may(ctx context.Context) error {
	err := a.server.Directory.StillAdmin(ctx, a.who)
	if err == nil || auth.Passing(err) {
		return err
	}
	return &NoLongerAdmin{err}
}

// mostAtOnce is how many sandboxes are spoken to at the same time.
const mostAtOnce = 16

// errEnded says that there is nothing to act upon any more.
var errEnded = errors.New("that session has ended already")

// reach does something with the sandbox of a session.
func (a admin) reach(ctx context.Context, session string, do func(sandbox.Sandbox) error) error {
	if err := a.may(ctx); err != nil {
		return err
	}
	sb, err := a.server.lifecycle.BySession(ctx, session)
	if err == nil {
		err = do(sb)
	}
	if errors.Is(err, sandbox.ErrGone) {
		if waits := a.server.notYet(session); waits != nil {
			return waits
		}
		return errEnded
	}
	return err
}

// kill ends a session, and tells its learner who did so and why, where a reason
// is given.
func (a admin) kill(ctx context.Context, session, reason string) error {
	sentence := fmt.Sprintf("%s, who looks after this class, has ended your session. What you have done is kept: choose the stage again to go on.", a.who.Login)
	if reason = oneLine(reason); reason != "" {
		sentence = fmt.Sprintf("%s, who looks after this class, has ended your session: %s. What you have done is kept.", a.who.Login, strings.TrimSuffix(reason, "."))
	}
	return a.reach(ctx, session, func(sb sandbox.Sandbox) error {
		// Once it has begun it is seen through, whether or not the admin waits.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), killingFor)
		defer cancel()
		made := sb.Made()
		a.server.log.Info("an admin ends a session", "by", a.who.Login, "login", made.Login, "session", made.Session)
		var recording sync.WaitGroup
		defer recording.Wait()
		// Beside the end, which need not wait for the disk.
		recording.Go(func() { a.record(audit.Killed, made, "") })
		return sb.Kill(ctx, sentence)
	})
}

// killingFor bounds how long an end may take.
const killingFor = 30 * time.Second

// mostOfMessage is what a message may be long: one line of a wide terminal.
const mostOfMessage = 200

// message shows a text to the learner of a session.
func (a admin) message(ctx context.Context, session, text string) error {
	text, err := messageText(a.who.Login, text)
	if err != nil {
		return err
	}
	return a.reach(ctx, session, func(sb sandbox.Sandbox) error {
		err := sb.Tell(ctx, text)
		if err == nil {
			a.record(audit.Messaged, sb.Made(), "")
		}
		return err
	})
}

// messageAll shows a text to everybody who has a session, and tells how many of
// them it has reached.
func (a admin) messageAll(ctx context.Context, text string) (reached, all int, err error) {
	if text, err = messageText(a.who.Login, text); err != nil {
		return 0, 0, err
	}
	if err := a.may(ctx); err != nil {
		return 0, 0, err
	}
	live, err := a.server.lifecycle.List(ctx)
	if err != nil {
		return 0, 0, fmt.Errorf("list the sessions: %w", err)
	}
	var told atomic.Int32
	group := errgroup.Group{}
	group.SetLimit(mostAtOnce)
	for _, info := range live {
		group.Go(func() error {
			// By the learner: to look for a session is to list all of them again.
			sb, ok, err := a.server.lifecycle.Find(ctx, info.Login)
			switch {
			case err == nil && (!ok || sb.Made().Session != info.Session):
				err = sandbox.ErrGone
			case err == nil:
				err = sb.Tell(ctx, text)
			}
			if err != nil {
				a.server.log.Warn("a message did not reach a session", "session", info.Session, "error", err)
				return nil // the others get it all the same
			}
			told.Add(1)
			return nil
		})
	}
	_ = group.Wait()
	a.record(audit.Messaged, sandbox.Info{}, fmt.Sprintf("%d of %d sessions", told.Load(), len(live)))
	return int(told.Load()), len(live), ctx.Err()
}

func messageText(from, text string) (string, error) {
	text = oneLine(text)
	switch n := len([]rune(text)); {
	case n == 0:
		return "", errors.New("the message is empty: say something")
	case n > mostOfMessage:
		return "", fmt.Errorf("the message has %d characters, and %d fit on a screen: make it shorter", n, mostOfMessage)
	}
	return from + ": " + text, nil
}

// oneLine makes text plain and puts it into one line.
func oneLine(text string) string {
	return strings.Join(strings.Fields(harmless(strings.NewReplacer("\r", " ", "\n", " ", "\t", " ").Replace(text))), " ")
}

// mostOfExtension is what one extension may add; the sandbox may allow less.
const mostOfExtension = 24 * time.Hour

// longestLife is beyond what any sandbox has left.
const longestLife = 100 * 365 * 24 * time.Hour

// extend gives a session more time than it has left.
func (a admin) extend(ctx context.Context, session string, more time.Duration) (expires time.Time, err error) {
	if more < time.Minute || more > mostOfExtension {
		return expires, fmt.Errorf("a session can be extended by 1m to %s, and not by %s", spoken(mostOfExtension), more)
	}
	err = a.reach(ctx, session, func(sb sandbox.Sandbox) error {
		info, err := sb.Info(ctx)
		if err != nil {
			return err
		}
		// A sandbox that lies about it must not make the sum overflow.
		left := min(max(time.Until(info.Expires), 0), longestLife) + more
		expires = time.Now().Add(left)
		return a.prolong(ctx, sb, left)
	})
	return expires, err
}

// extendTo lets a session last for so long from now.
func (a admin) extendTo(ctx context.Context, session string, left time.Duration) error {
	return a.reach(ctx, session, func(sb sandbox.Sandbox) error { return a.prolong(ctx, sb, left) })
}

// prolong moves the end of a session and tells its learner.
func (a admin) prolong(ctx context.Context, sb sandbox.Sandbox, left time.Duration) error {
	if err := sb.Extend(ctx, left); err != nil {
		return err
	}
	made := sb.Made()
	a.record(audit.Extended, made, "ends in "+spoken(left))
	a.server.log.Info("an admin extends a session", "by", a.who.Login, "login", made.Login, "session", made.Session, "left", left)
	// Said as a time of day, since it may be read later.
	a.tell(ctx, sb, fmt.Sprintf("%s has given you more time: the session ends at %s.", a.who.Login, time.Now().Add(left).UTC().Format("15:04 MST")))
	return nil
}

// tell says something to a learner, who may do without it.
func (a admin) tell(ctx context.Context, sb sandbox.Sandbox, text string) {
	if err := sb.Tell(ctx, text); err != nil {
		a.server.log.Warn("could not tell a learner what an admin has done", "session", sb.Made().Session, "error", err)
	}
}

// grant records a stage as completed, and tells the learner where they have a
// session.
func (a admin) grant(ctx context.Context, login, courseName string, stage int) (recorded bool, err error) {
	if err := a.may(ctx); err != nil {
		return false, err
	}
	if login, err = auth.ParseLogin(login); err != nil {
		return false, fmt.Errorf("that is nobody's login: %w", err)
	}
	c, err := a.server.Courses.Find(courseName)
	if err != nil {
		return false, err
	}
	if stage < 1 || stage > len(c.Stages) {
		return false, fmt.Errorf("%s has stages 1 to %d, and %d is none of them", c.ID, len(c.Stages), stage)
	}
	recorded, err = a.server.complete(progress.Record{
		Login: login, Course: c.ID, Stage: stage, CompletedAt: time.Now().UTC(), Evidence: progress.Admin,
	})
	if err != nil {
		return false, fmt.Errorf("record the stage: %w", err)
	}
	if recorded {
		a.server.log.Info("an admin grants a stage", "by", a.who.Login, "login", login, "course", c.ID, "stage", stage)
		a.record(audit.Granted, sandbox.Info{Login: login, CourseID: c.ID, Stage: stage}, "")
	}
	if sb, ok, err := a.server.lifecycle.Find(ctx, login); recorded && err == nil && ok {
		a.tell(ctx, sb, fmt.Sprintf("✓ %s has granted you stage %d of %s.", a.who.Login, stage, c.Title))
	}
	return recorded, nil
}

// unknown tells whether nobody of a name has done anything here, nor is here now.
func (s *Server) unknown(login string) bool {
	login = strings.ToLower(login)
	finished, err := s.Progress.Learner(login)
	_, total, failed := s.Progress.Usage(login)
	if err != nil || failed != nil || len(finished) > 0 || total != (progress.Tokens{}) {
		return false
	}
	_, here, err := s.lifecycle.Find(s.ctx, login)
	return err == nil && !here
}

// setDoor closes or opens the door to new sessions.
func (a admin) setDoor(ctx context.Context, closed bool, reason string) (changed bool, err error) {
	if err := a.may(ctx); err != nil {
		return false, err
	}
	if reason = oneLine(reason); len([]rune(reason)) > mostOfReason {
		return false, fmt.Errorf("the reason is longer than %d characters: make it shorter", mostOfReason)
	}
	if closed {
		changed, err = a.server.closeDoor(a.who.Login, strings.TrimSuffix(reason, "."))
	} else {
		changed, err = a.server.openDoor()
	}
	if changed {
		kind := audit.DoorOpened
		if closed {
			kind = audit.DoorClosed
		}
		a.record(kind, sandbox.Info{}, "")
		a.server.log.Warn("an admin has changed the door to new sessions", "by", a.who.Login, "closed", closed)
	}
	return changed, err
}
