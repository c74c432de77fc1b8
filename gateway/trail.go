package gateway

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"

	gossh "golang.org/x/crypto/ssh"

	"lectern/gateway/audit"
	"lectern/gateway/auth"
	"lectern/progress"
	"lectern/proxy/report"
	"lectern/sandbox"
	"lectern/web/api"
)

// What the gateway writes into the audit trail. That it could not be written is
// said by the trail itself and in one place, so most here do not ask.

// The reasons of refusals that are not auth.Reason.
const (
	tooManyConnections = "too_many_connections"
	lookupFailed       = "lookup_failed"
	noTrail            = "no_audit_trail"
	badLink            = "link_not_good" // to the page: used, too old, or never there
)

const withoutTrail = "This gateway cannot write its audit trail just now and lets nobody begin without it: try again later, or tell the person who runs it."

var errNoTrail error = noTrailError{}

type noTrailError struct{}

func (noTrailError) Error() string { return withoutTrail }

// begins tells whether something new may begin, as far as the trail has a say.
func (s *Server) begins() error {
	if s.RefuseUnaudited && s.Audit.Ready() != nil {
		return errNoTrail
	}
	return nil
}

// recordSignIn is an error where nobody may come in of whom there is no record.
// An admin may, to mend that.
func (s *Server) recordSignIn(conn gossh.ConnMetadata, who auth.Identity) error {
	err := s.Audit.Record(audit.Event{
		Kind: audit.SignedIn, Login: who.Login, Key: who.Fingerprint, Remote: conn.RemoteAddr().String(),
		Detail: fmt.Sprintf("as %s, known by %s", clean(conn.User()), who.Via),
	})
	if err != nil && s.RefuseUnaudited && !who.Admin {
		return errNoTrail
	}
	return nil
}

// attempt is a sign-in that has failed so far.
type attempt struct {
	login, key string
	reason     string
}

// attemptWith is one with a key that was refused.
func (s *Server) attemptWith(ctx context.Context, user string, key gossh.PublicKey, err error) attempt {
	a := attempt{login: user, key: gossh.FingerprintSHA256(key), reason: lookupFailed}
	if denied := (*auth.Denied)(nil); errors.As(err, &denied) {
		a.reason = string(denied.Reason)
	}
	if a.reason == string(auth.NotAdmin) { // it is known who would be one
		if who, err := s.Directory.Identify(ctx, s.SharedLogin, key); err == nil {
			a.login = who.Login
		}
	}
	return a
}

// recordAttempt records how a connection without a sign-in has ended.
func (s *Server) recordAttempt(conn gossh.ConnMetadata, a attempt) {
	e := audit.Event{Login: a.login, Key: a.key, Remote: conn.RemoteAddr().String(), Reason: a.reason}
	if e.Reason == "" {
		e.Login, e.Reason = conn.User(), string(auth.NoKey)
	}
	// The logins that stand for others are nobody's, and what is no login may be
	// anything that somebody has typed.
	login, err := auth.ParseLogin(e.Login)
	if err != nil || strings.EqualFold(login, s.SharedLogin) || strings.EqualFold(login, s.AdminLogin) {
		login = ""
	}
	e.Login = login
	s.Audit.Refuse(e)
}

// eventOf is what is to be said of every event of a sandbox.
func eventOf(kind audit.Kind, of sandbox.Info) audit.Event {
	return audit.Event{Kind: kind, Login: of.Login, Session: of.Session, Course: of.CourseID, Stage: of.Stage}
}

// joins gives what is to be called when the terminal is joined to a sandbox, which
// records that, and when it has left, or was never there, which records how that
// has ended.
func (s *session) joins(sb sandbox.Sandbox) (joined func(), left func(sandbox.Exit, error)) {
	e := eventOf(audit.Attached, sb.Made())
	e.Key, e.Remote = s.who.Fingerprint, s.remote
	there := false
	var recording sync.WaitGroup
	joined = func() {
		there = true
		attached := e
		// Beside the attach, which need not wait for the disk.
		recording.Go(func() { _ = s.server.Audit.Record(attached) })
	}
	left = func(exit sandbox.Exit, err error) {
		recording.Wait()
		switch {
		case err != nil, !there && exit.Ending == sandbox.Lost:
			e.Kind, e.Reason = audit.Detached, "it could not be joined"
		case !there: // left to a newer connection, or ended already: nothing has happened
			return
		case exit.Ending == sandbox.TakenOver:
			e.Kind = audit.TakenOver
		default:
			e.Kind = audit.Detached
			if exit.Ending != sandbox.Detached {
				e.Ending = string(exit.Ending)
			}
		}
		_ = s.server.Audit.Record(e)
	}
	return joined, left
}

// recordMade records a new sandbox. Where there is to be none without a record,
// it is ended again.
func (s *Server) recordMade(ctx context.Context, w wanted, sb sandbox.Sandbox) error {
	e := eventOf(audit.SandboxMade, sb.Made())
	e.Key, e.Remote = w.who.Fingerprint, w.remote
	if s.Audit.Record(e) == nil || !s.RefuseUnaudited {
		return nil
	}
	// Also where nobody waits for it any more.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), killingFor)
	defer cancel()
	return errors.Join(errNoTrail, sb.Kill(ctx, withoutTrail))
}

// replaced is why a sandbox ends whose learner starts another stage.
const replaced = "You started another stage, so this session was ended."

// endedFromPage is why a sandbox ends whose learner ends it from a front end.
const endedFromPage = "You ended this session through the page or its API. Your place is kept: choose the stage again to go on."

func (s *session) recordReplaced(sb sandbox.Sandbox) {
	e := eventOf(audit.Killed, sb.Made())
	e.By, e.Remote, e.Detail = s.who.Login, s.remote, "to start another stage"
	_ = s.server.Audit.Record(e)
}

// recordEndedBy records that a learner ends their own sandbox from a front end.
func (s *Server) recordEndedBy(who auth.Identity, from net.Addr, sb sandbox.Sandbox) {
	e := eventOf(audit.Killed, sb.Made())
	e.By, e.Remote, e.Detail = who.Login, from.String(), string(api.FromPage)
	_ = s.Audit.Record(e)
}

// Note is api.Gateway's.
func (s *Server) Note(e api.DoorEvent) error {
	event := audit.Event{Login: e.Who.Login, Key: e.Who.Fingerprint, Remote: e.From.String(), Detail: "browser " + e.Browser}
	switch e.Kind {
	case api.SignedIn:
		event.Kind = audit.BrowserSignedIn
	case api.SignedOut:
		event.Kind = audit.BrowserSignedOut
		event.Detail += ", " + string(e.Why)
	case api.LinkRefused:
		s.Audit.Refuse(audit.Event{Remote: event.Remote, Reason: badLink})
		return nil
	}
	if err := s.Audit.Record(event); err != nil && e.Kind == api.SignedIn && s.RefuseUnaudited && !e.Who.Admin {
		return &api.Refused{Kind: api.Unavailable, Detail: withoutTrail}
	}
	return nil
}

// recordRevoked records that somebody has signed out browsers of theirs by ssh.
func (s *session) recordRevoked(browsers []string) {
	for _, id := range browsers {
		_ = s.server.Audit.Record(audit.Event{
			Kind: audit.BrowserSignedOut, Login: s.who.Login, Key: s.who.Fingerprint, Remote: s.remote,
			Detail: "browser " + id + ", by the command web",
		})
	}
}

func (s *Server) recordEnd(of sandbox.Info, exit sandbox.Exit) {
	e := eventOf(audit.SandboxEnded, of)
	e.Ending, e.Reason = string(exit.Ending), exit.Reason
	// Whoever kills may give a reason in words of their own.
	if exit.Ending == sandbox.Killed && exit.Reason != replaced && exit.Reason != endedFromPage && exit.Reason != sandbox.NobodyCameBack {
		e.Reason = ""
	}
	if exit.Code != 0 {
		e.Detail = fmt.Sprintf("status %d", exit.Code)
	}
	_ = s.Audit.Record(e)
}

func (s *Server) recordCompleted(r progress.Record) {
	e := audit.Event{
		Kind: audit.Completed, Login: r.Login, Session: r.Session, Course: r.Course, Stage: r.Stage, Evidence: string(r.Evidence),
	}
	if r.Questions > 0 {
		e.Detail = fmt.Sprintf("%d of %d right", r.Score, r.Questions)
	}
	_ = s.Audit.Record(e)
}

func (s *Server) recordProxyRefusal(r report.Event) {
	_ = s.Audit.Record(audit.Event{
		Kind: audit.ProxyRefused, ID: r.ID, Login: r.Login, Session: r.Session, Course: r.Course, Stage: r.Stage,
		Reason: r.Refused.Reason, Count: r.Refused.Count, Since: r.At.UTC(),
	})
}
