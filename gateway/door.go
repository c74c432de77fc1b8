package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"lectern/internal/wholefile"
)

// door is whether new sessions are let in. That it is closed is kept in a file,
// so that a gateway which is started anew keeps to it; the file has who closed it.
type door struct {
	path string // empty: kept in memory only

	changing sync.Mutex // one change at a time, its file included
}

// closedDoor is the file.
type closedDoor struct {
	By     string    `json:"by"`
	Since  time.Time `json:"since"`
	Reason string    `json:"reason"`
}

// mostOfReason is what a reason may be long.
const mostOfReason = 200

// closedBecause is what learners are told.
func closedBecause(reason string) string {
	if reason == "" {
		return "New sessions cannot be started just now: the door is closed. Sessions that run go on, and can be joined."
	}
	return fmt.Sprintf("New sessions cannot be started just now: %s. Sessions that run go on, and can be joined.", reason)
}

// restoreDoor closes the door where it was closed when the last gateway ended.
func (s *Server) restoreDoor() error {
	if s.door.path == "" {
		return nil
	}
	content, err := os.ReadFile(s.door.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look whether the door is closed: %w", err)
	}
	var closed closedDoor
	if err := json.Unmarshal(content, &closed); err != nil {
		// Whatever it says, somebody has closed the door.
		s.log.Warn("the file of the closed door cannot be read; the door stays closed", "file", s.door.path, "error", err)
	}
	s.lifecycle.CloseDoor(closedBecause(closed.Reason))
	s.log.Warn("the door is closed: no new session is let in until an admin opens it", "by", clean(closed.By), "since", closed.Since)
	return nil
}

// closeDoor lets no new session in from now on. Where it is closed already, a new
// reason takes the place of the old one.
func (s *Server) closeDoor(by, reason string) (changed bool, err error) {
	s.door.changing.Lock()
	defer s.door.changing.Unlock()
	if told, closed := s.lifecycle.Door(); closed && (reason == "" || told == closedBecause(reason)) {
		return false, nil
	}
	if s.door.path != "" {
		content, err := json.Marshal(closedDoor{By: by, Since: time.Now().UTC(), Reason: reason})
		if err != nil {
			return false, err
		}
		err = wholefile.Replace(s.door.path, func(temporary string) error {
			return os.WriteFile(temporary, append(content, '\n'), 0o600)
		})
		if err != nil {
			return false, fmt.Errorf("note that the door is closed: %w", err)
		}
	}
	s.lifecycle.CloseDoor(closedBecause(reason))
	return true, nil
}

func (s *Server) openDoor() (changed bool, err error) {
	s.door.changing.Lock()
	defer s.door.changing.Unlock()
	if _, closed := s.lifecycle.Door(); !closed {
		return false, nil
	}
	if s.door.path != "" {
		if err := os.Remove(s.door.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return false, fmt.Errorf("note that the door is open: %w", err)
		}
	}
	s.lifecycle.OpenDoor()
	return true, nil
}
