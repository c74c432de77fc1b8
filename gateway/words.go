package gateway

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"lectern/sandbox"
	"lectern/tui"
)

// inWords says a phase of the wait to the learner.
func inWords(p sandbox.Phase) tui.Phase {
	names := map[sandbox.PhaseKind]string{
		sandbox.Queued:     "Waiting for a free place",
		sandbox.Scheduling: "Finding a machine",
		sandbox.Pulling:    "Preparing the sandbox's image",
		sandbox.Starting:   "Starting your sandbox",
		sandbox.Copying:    "Copying the course",
		sandbox.Ready:      "Ready",
	}
	return tui.Phase{Name: names[p.Kind], Position: p.Position, Length: p.Length, Detail: p.Detail}
}

// forLearner keeps what a sandbox could not be made for, unless that is a fault
// of the server's files: it tells a learner nothing but where things are on the
// server, and is in the log.
func forLearner(err error) error {
	var atPath *fs.PathError
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return errors.New("the disk of this gateway is full, so no sandbox can be made; what you have finished is safe, please tell the person who runs it")
	case errors.As(err, &atPath):
		return errors.New("this gateway could not make a sandbox; try again, and if it happens again tell the person who runs it")
	}
	return err
}

// noticeOf says in the picker how the time in a sandbox ended.
func (s *session) noticeOf(of sandbox.Info, exit sandbox.Exit, err error) tui.Notice {
	switch {
	case err != nil:
		s.server.log.Error("could not join a sandbox", "login", s.who.Login, "error", err)
		return tui.Notice{Kind: tui.Bad, Text: "Your session could not be joined. Please try again."}
	case exit.Ending == sandbox.Lost && s.stillRunning():
		return tui.Notice{Kind: tui.Info, Text: "The connection to your session was lost. It still runs: press Enter to go back."}
	}
	if exit.Over() && exit.Ending != sandbox.Lost { // of which the true end is yet to be told
		s.server.unheard.heard(of)
	}
	if exit.Ending == sandbox.Exited && exit.Code == 0 {
		return s.praise()
	}
	return noticeOfEnd(exit)
}

// noticeOfEnd says how a sandbox has ended, if not by the learner's own wish.
func noticeOfEnd(exit sandbox.Exit) tui.Notice {
	switch {
	case exit.Ending == sandbox.Exited:
		return tui.Notice{Kind: tui.Bad, Text: fmt.Sprintf("The tutor ended with status %d. What you have done is kept: choose the stage again to go on.", exit.Code)}
	case exit.Reason != "":
		return tui.Notice{Kind: tui.Bad, Text: exit.Reason}
	}
	return tui.Notice{Kind: tui.Bad, Text: "Your session has ended. What you have done is kept: choose the stage again to go on."}
}

// praise names the stage that was studied, if it was finished since the learner
// last saw the picker.
func (s *session) praise() tui.Notice {
	records, err := s.server.Progress.Course(s.who.Login, s.studied.CourseID)
	if err != nil {
		return tui.Notice{}
	}
	r := recordOf(records, s.studied.Stage)
	if !r.CompletedAt.After(s.sinceNotice) {
		return tui.Notice{}
	}
	s.sinceNotice = r.CompletedAt
	text := fmt.Sprintf("Stage %d complete. Well done.", r.Stage)
	if c, ok := s.server.Courses.ByID(s.studied.CourseID); ok && countDone(c, records) == len(c.Stages) {
		text = fmt.Sprintf("Stage %d complete, and with it the whole course. Well done.", r.Stage)
	}
	return tui.Notice{Kind: tui.Good, Text: text}
}
