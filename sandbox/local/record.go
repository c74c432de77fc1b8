package local

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// record is what is kept on disk about a live sandbox, in its state folder.
// What changes during its life the holder knows.
type record struct {
	Session  string    `json:"session"`
	Login    string    `json:"login"`
	CourseID string    `json:"course"`
	Stage    int       `json:"stage"`
	Started  time.Time `json:"started"`
	// Until is how long its session token is good; zero without one.
	Until time.Time `json:"until,omitzero"`
	// PIDs are the processes of ours that end the sandbox when they are killed.
	PIDs []int `json:"pids"`
}

func recordPath(dir string) string { return filepath.Join(dir, "sandbox.json") }

func readRecord(dir string) (record, error) {
	var r record
	data, err := os.ReadFile(recordPath(dir))
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(data, &r); err != nil {
		return r, fmt.Errorf("read the record of a sandbox: %w", err)
	}
	return r, nil
}

// write replaces the record in one step.
func (r record) write(dir string) error {
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	fresh := recordPath(dir) + ".new"
	if err := os.WriteFile(fresh, data, 0o600); err != nil {
		return fmt.Errorf("write the record of a sandbox: %w", err)
	}
	return os.Rename(fresh, recordPath(dir))
}

// tryLock opens the lock file of a sandbox and takes the lock if it is free.
// The holder inherits the open file, and so does a jail's first process, which
// is the last one to end, so the lock is held as long as anything of the
// sandbox is alive (flock(2)); no process id has to be trusted for that.
func tryLock(path string) (file *os.File, free bool, err error) {
	file, err = os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, false, fmt.Errorf("open the lock of a sandbox: %w", err)
	}
	err = unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	switch {
	case err == nil:
		return file, true, nil
	case errors.Is(err, unix.EWOULDBLOCK):
		return file, false, nil
	}
	_ = file.Close()
	return nil, false, fmt.Errorf("lock a sandbox: %w", err)
}

// alive tells whether any process of the sandbox is there.
func (b *Backend) alive(name string) bool {
	file, err := os.Open(b.path(name) + ".lock")
	if err != nil {
		return false
	}
	defer func() { _ = file.Close() }()
	// A shared lock does not disturb others who only look.
	return errors.Is(unix.Flock(int(file.Fd()), unix.LOCK_SH|unix.LOCK_NB), unix.EWOULDBLOCK)
}
