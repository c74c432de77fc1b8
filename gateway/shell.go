package gateway

import (
	"context"
	"errors"
	"io"

	"lectern/gateway/auth"
	"lectern/sandbox"
	"lectern/sandbox/hold"
	"lectern/tui"
)

// shell is what `ssh lab@host` gets: the picker, the sandbox, and the picker
// again, until the learner leaves. `ssh admin@host` gets the sessions of all.
func (s *session) shell() int {
	switch {
	case !s.hasPTY:
		return s.refuse("The screen of this server needs a terminal: connect with ssh -t, or give a command, such as help.")
	case s.asAdmin():
		return s.administrate()
	}
	return s.loop(tui.Notice{}, nil, 0)
}

// loop takes turns between the picker and the sandbox. Where next is not nil
// it begins in that sandbox, from an epoch as bridge does.
func (s *session) loop(notice tui.Notice, next sandbox.Sandbox, epoch int) int {
	for {
		if next == nil {
			var err error
			if next, err = s.pick(notice); err != nil {
				return s.farewell(err)
			}
			if next == nil {
				return 0
			}
		}
		exit, err := s.bridge(next, epoch)
		cause := context.Cause(s.ctx)
		takenOver := err == nil && exit.Ending == sandbox.TakenOver
		if ends := cause != nil || takenOver; !ends || !s.keepsScreen() {
			_, _ = io.WriteString(s.channel, hold.Reset)
		}
		if cause != nil {
			return s.farewell(cause)
		}
		if takenOver {
			s.say(exit.Reason)
			return 1
		}
		s.tellLeft()
		notice = s.noticeOf(next.Made(), exit, err)
		next, epoch = nil, 0
	}
}

// keepsScreen tells whether what was shown last stays to be seen when the session
// ends: the page shows it beneath the reason, until there is something newer. A
// terminal is handed back to somebody's shell instead.
func (s *session) keepsScreen() bool { return s.who.Via == auth.ViaPage }

var errNoInput = errors.New("the input has ended")

// statusRestart is the status of a session that may come back at once, for what
// connects by itself (EX_TEMPFAIL of sysexits(3)).
const statusRestart = 75

// farewell ends a session whose client or gateway leaves, or that has a fault.
func (s *session) farewell(cause error) int {
	if left := context.Cause(s.ctx); left != nil {
		cause = left // what failed then is no fault of its own
	}
	switch {
	case errors.Is(cause, errShutdown):
		s.say("The gateway is restarting. Your session is kept: connect again in a moment.")
		return statusRestart
	case errors.Is(cause, errNoInput):
		s.say("Your input has ended, and the picker needs a keyboard: connect from a terminal, or give a command, such as help.")
	case errors.Is(cause, errClientGone):
	default:
		s.server.log.Error("a session ended by a fault", "login", s.who.Login, "error", cause)
		s.say("Something went wrong: " + harmless(cause.Error()) + ". Please connect again.")
	}
	return 1
}
