package hold

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"

	"lectern/sandbox"
	"lectern/sandbox/event"
)

// tutor is the program in the sandbox, on its pseudo-terminal. It is started
// by the first terminal that joins, so that it draws for the right size and
// its queries meet a terminal that answers.
type tutor struct {
	log      *slog.Logger
	cmd      *exec.Cmd
	ptmx, tt *os.File
	link     *os.File // our end of the event socket
	linkTT   *os.File // the tutor's end

	memoryKills int // as counted before the tutor began

	once    sync.Once
	begun   chan struct{}
	done    chan struct{}
	reaped  chan struct{} // closed once there is no process left to wait for
	outcome sandbox.Exit  // valid once done is closed
	force   *time.Timer   // ends a tutor that was asked to leave and does not

	sending sync.Mutex // one line at a time on link

	input chan []byte // what is typed, on its way; see typing.go
	deaf  atomic.Bool // it has not read for long, and what is typed is dropped
}

func prepareTutor(opts Options) (*tutor, error) {
	if len(opts.Command) == 0 {
		return nil, errors.New("the holder needs a command to run")
	}
	// Whatever the tutor leaves behind becomes ours, so that it can be ended.
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return nil, fmt.Errorf("become the reaper of the tutor's processes: %w", err)
	}
	ptmx, tt, err := openTerminal()
	if err != nil {
		return nil, fmt.Errorf("open a pseudo-terminal: %w", err)
	}
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		_ = ptmx.Close()
		_ = tt.Close()
		return nil, fmt.Errorf("open the event link: %w", err)
	}
	t := &tutor{
		log: opts.Log, ptmx: ptmx, tt: tt,
		link:        os.NewFile(uintptr(fds[0]), "event link"),
		linkTT:      os.NewFile(uintptr(fds[1]), "event link of the tutor"),
		begun:       make(chan struct{}),
		memoryKills: memoryKills(),
		done:        make(chan struct{}),
		reaped:      make(chan struct{}),
		input:       make(chan []byte, inputLength),
	}
	t.cmd = exec.Command(opts.Command[0], opts.Command[1:]...)
	t.cmd.Dir = opts.Dir
	t.cmd.Env = append(append([]string(nil), opts.Environ...), event.FDVariable+"=3")
	t.cmd.Stdin, t.cmd.Stdout, t.cmd.Stderr = tt, tt, tt
	t.cmd.ExtraFiles = []*os.File{t.linkTT}
	t.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 0}
	return t, nil
}

// openTerminal opens a pseudo-terminal whose reads and writes end when it is
// closed. The library leaves it in blocking mode, where they do not.
func openTerminal() (ptmx, tt *os.File, err error) {
	blocking, tt, err := pty.Open()
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = blocking.Close() }()
	fd, err := unix.FcntlInt(blocking.Fd(), unix.F_DUPFD_CLOEXEC, 3)
	if err == nil {
		err = unix.SetNonblock(fd, true)
	}
	if err != nil {
		_ = tt.Close()
		return nil, nil, err
	}
	return os.NewFile(uintptr(fd), blocking.Name()), tt, nil
}

// addEnviron adds variables to the environment of a tutor that has not started.
func (t *tutor) addEnviron(environ []string) { t.cmd.Env = append(t.cmd.Env, environ...) }

// start runs the tutor, once, on a terminal of the given size.
func (t *tutor) start(size sandbox.Size) {
	t.once.Do(func() {
		defer close(t.begun)
		t.resize(size)
		var err error
		if unsure := expendable(func() { err = t.cmd.Start() }); unsure != nil {
			t.log.Warn("the kernel may end the holder first", "error", unsure)
		}
		_ = t.tt.Close()
		_ = t.linkTT.Close()
		if err != nil {
			t.outcome = sandbox.Exit{Ending: sandbox.Lost, Code: 127, Reason: "The tutor could not be started: " + err.Error()}
			close(t.done)
			close(t.reaped)
			return
		}
		go t.wait()
	})
}

// wait reaps the tutor and every orphan that it leaves, until none is left.
// It is the only place that waits for processes.
func (t *tutor) wait() {
	defer close(t.reaped)
	main := t.cmd.Process.Pid
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case err != nil: // ECHILD: nobody is left
			return
		case pid != main:
			continue
		case status.Signaled():
			t.outcome = sandbox.Exit{
				Ending: sandbox.Signalled, Code: 128 + int(status.Signal()),
				Reason: t.whySignalled(status.Signal()),
			}
		default:
			t.outcome = sandbox.Exit{Ending: sandbox.Exited, Code: status.ExitStatus()}
		}
		close(t.done)
	}
}

// goOnAgain is what a learner can do when the tutor was ended from outside.
const goOnAgain = "What you have done is kept: choose the stage again to go on."

func (t *tutor) whySignalled(signal syscall.Signal) string {
	if signal == syscall.SIGKILL && memoryKills() > t.memoryKills {
		return "The tutor used more memory than a sandbox may and was ended. " + goOnAgain
	}
	return fmt.Sprintf("The tutor was ended by signal %d (%s). ", signal, signal) + goOnAgain
}

func (t *tutor) exited() <-chan struct{} { return t.done }

// exit tells how the tutor ended, once exited is closed. Like stop, it belongs
// to the one goroutine that supervises.
func (t *tutor) exit() sandbox.Exit {
	if t.force != nil {
		t.force.Stop()
	}
	return t.outcome
}

// stop asks the tutor's process group to leave and ends it by force when it
// has not left after patience. A tutor that was never started leaves at once.
func (t *tutor) stop(patience time.Duration) {
	t.once.Do(func() {
		_ = t.tt.Close()
		_ = t.linkTT.Close()
		t.outcome = sandbox.Exit{Ending: sandbox.Exited}
		close(t.begun)
		close(t.done)
		close(t.reaped)
	})
	<-t.begun
	select {
	case <-t.done:
		return
	default:
	}
	group := -t.cmd.Process.Pid
	_ = syscall.Kill(group, syscall.SIGTERM)
	_ = syscall.Kill(group, syscall.SIGCONT)
	t.force = time.AfterFunc(patience, func() { _ = syscall.Kill(group, syscall.SIGKILL) })
}

// killRest ends whatever the tutor has left running, in its process group or
// out of it, and returns when all of it is reaped.
func (t *tutor) killRest() {
	if t.cmd.Process != nil {
		_ = syscall.Kill(-t.cmd.Process.Pid, syscall.SIGKILL)
	}
	for {
		// The children of those killed become ours, so look again and again.
		for _, pid := range childrenOf(os.Getpid()) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		select {
		case <-t.reaped:
			return
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// read gives the tutor's output. EIO means that no process has the terminal
// open any more, which is this device's end of file.
func (t *tutor) read(p []byte) (int, error) {
	<-t.begun
	n, err := t.ptmx.Read(p)
	if errors.Is(err, syscall.EIO) {
		err = io.EOF
	}
	return n, err
}

func (t *tutor) resize(s sandbox.Size) {
	conn, err := t.ptmx.SyscallConn()
	if err == nil {
		err = conn.Control(func(fd uintptr) {
			err := unix.IoctlSetWinsize(int(fd), unix.TIOCSWINSZ, &unix.Winsize{Col: uint16(s.Cols), Row: uint16(s.Rows)})
			if err != nil {
				t.log.Debug("could not resize the terminal", "error", err)
			}
		})
	}
	if err != nil {
		t.log.Debug("could not reach the terminal", "error", err)
	}
}

// readEvents hands on what the tutor reports, until the link closes.
func (t *tutor) readEvents(completed func(event.Message)) {
	lines := bufio.NewScanner(t.link)
	for lines.Scan() {
		var m event.Message
		if err := json.Unmarshal(lines.Bytes(), &m); err != nil {
			t.log.Warn("the tutor sent a line that is no event", "error", err)
			continue
		}
		if m.Type == event.Completed && m.ID != "" && m.Stage > 0 {
			completed(m)
		}
	}
}

// sendEvent tells the tutor something. A tutor that has gone, or does not
// listen, misses it.
func (t *tutor) sendEvent(m event.Message) {
	line, err := json.Marshal(m)
	if err != nil {
		t.log.Error("could not encode an event", "error", err)
		return
	}
	t.sending.Lock()
	defer t.sending.Unlock()
	_ = t.link.SetWriteDeadline(time.Now().Add(time.Second))
	if _, err := t.link.Write(append(line, '\n')); err != nil {
		t.log.Debug("the tutor did not take an event", "error", err)
	}
}

func (t *tutor) closeEvents() { _ = t.link.SetReadDeadline(time.Now()) }

// hangUp closes the terminal, also under those who read or write it.
func (t *tutor) hangUp() { _ = t.ptmx.Close() }

func (t *tutor) close() {
	t.hangUp()
	_ = t.link.Close()
}
