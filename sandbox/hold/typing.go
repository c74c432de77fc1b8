package hold

import (
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// inputLength bounds what is typed and not yet read: so many frames.
	inputLength = 64
	// inputLimit is how long a terminal waits for a tutor that reads nothing
	// before what it types is dropped. Whoever waits does not see its own
	// connection end.
	inputLimit = 2 * time.Second
)

// typed takes over p, on its way to the tutor; it is given up where the terminal
// loses its place, and dropped where the tutor does not read.
func (t *tutor) typed(p []byte, lost <-chan struct{}) {
	select {
	case t.input <- p:
		return
	default:
	}
	if t.deaf.Load() {
		return
	}
	patience := time.NewTimer(inputLimit)
	defer patience.Stop()
	select {
	case t.input <- p:
	case <-lost:
	case <-patience.C:
		t.deaf.Store(true)
		t.log.Warn("the tutor reads nothing, so what is typed is dropped", "for", inputLimit)
	}
}

// takeInput writes to the tutor what is typed, until the sandbox has ended and
// its terminal is hung up.
func (t *tutor) takeInput(ended <-chan struct{}) {
	for {
		select {
		case p := <-t.input:
			t.resume()
			if _, err := t.ptmx.Write(p); err != nil {
				t.log.Debug("the tutor did not take what was typed", "error", err)
			}
			t.deaf.Store(false)
		case <-ended:
			return
		}
	}
}

// resume wakes a tutor that was suspended, as by Ctrl-Z: that gives its terminal
// back as it found it, and waits for the SIGCONT of a shell's fg, which there is
// not here. A tutor that was not does not notice.
func (t *tutor) resume() {
	select {
	case <-t.begun:
	default:
		return
	}
	select {
	case <-t.done:
		return
	default:
	}
	conn, err := t.ptmx.SyscallConn()
	if err != nil {
		return // it is hung up
	}
	_ = conn.Control(func(fd uintptr) {
		modes, err := unix.IoctlGetTermios(int(fd), unix.TCGETS)
		if err == nil && modes.Lflag&unix.ICANON != 0 {
			_ = syscall.Kill(-t.cmd.Process.Pid, syscall.SIGCONT)
		}
	})
}
