package local

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"lectern/sandbox"
	"lectern/sandbox/hold"
)

// startLimit is how long a sandbox may take to come up.
const startLimit = 20 * time.Second

// The descriptors that the first process of a sandbox inherits.
const (
	lockFD  = 3 // held open as long as anything is alive
	readyFD = 4 // the holder writes a line once it listens
	infoFD  = 5 // bubblewrap tells its child's process id
	blockFD = 6 // bubblewrap waits here until we have set its limits
	// The socket on which the holder listens, and the file in which it leaves how
	// it ended, have no name inside: else anything there could speak to the
	// holder, or put something else in their places.
	socketFD = 7
	exitFD   = 8
	// goFD is blockFD again, which bubblewrap goes on from also where we have
	// gone. A holder does not: of one without a record nobody would know.
	goFD = 9
)

// launch starts a sandbox whose lock we hold, and returns when its holder
// listens.
func (b *Backend) launch(ctx context.Context, name string, spec sandbox.Spec, lock *os.File) (*jail, error) {
	dir := b.path(name)
	for _, d := range []string{dir, b.home(name)} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, fmt.Errorf("make the sandbox's folder: %w", err)
		}
	}
	w, err := newWires()
	if err != nil {
		return nil, err
	}
	defer w.close()
	output, err := os.Create(filepath.Join(dir, "hold.log"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = output.Close() }()
	left, err := os.OpenFile(b.exitFile(name), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { _ = left.Close() }()
	listener, err := hold.Listen(b.socket(name))
	if err != nil {
		return nil, err
	}
	socket, err := listener.File()
	_ = listener.Close()
	if err != nil {
		return nil, fmt.Errorf("hand over the holder's socket: %w", err)
	}
	defer func() { _ = socket.Close() }()

	cmd, err := b.command(name, spec)
	if err != nil {
		return nil, err
	}
	cmd.Stdout, cmd.Stderr = output, output
	cmd.ExtraFiles = []*os.File{lock, w.tellReady, w.tellInfo, w.waitGo, socket, left, w.waitGo}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	err = cmd.Start()
	// What is still open here would make a sandbox that has ended seem to live.
	w.handedOver()
	_ = socket.Close()
	if err != nil {
		return nil, fmt.Errorf("start the sandbox: %w", err)
	}
	b.keep(name, cmd.Process)

	r := record{
		Session: spec.Session, Login: spec.Login, CourseID: spec.CourseID, Stage: spec.Stage,
		Started: time.Now().UTC(), PIDs: []int{cmd.Process.Pid},
	}
	if b.opts.Model != nil {
		r.Until = r.Started.Add(b.opts.Life + sandbox.Overtime)
	}
	fail := func(err error) (*jail, error) {
		for _, pid := range r.PIDs {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		if said := firstLine(output.Name()); said != "" {
			err = fmt.Errorf("%w: %s", err, said)
		}
		return nil, err
	}
	deadline := time.Now().Add(startLimit)
	if d, ok := ctx.Deadline(); ok && d.Before(deadline) {
		deadline = d
	}
	for _, f := range []*os.File{w.ready, w.info} {
		_ = f.SetReadDeadline(deadline)
	}
	cancelled := context.AfterFunc(ctx, func() {
		_ = w.ready.SetReadDeadline(time.Now())
		_ = w.info.SetReadDeadline(time.Now())
	})
	defer cancelled()
	if b.bwrap != "" {
		var told struct {
			ChildPID int `json:"child-pid"`
		}
		if err := json.NewDecoder(w.info).Decode(&told); err != nil {
			return fail(errors.New("bubblewrap could not make the sandbox"))
		}
		r.PIDs = append(r.PIDs, told.ChildPID)
		if err := b.restrict(told.ChildPID); err != nil {
			return fail(err)
		}
	}
	if err := b.cgroups.add(name, r.PIDs); err != nil {
		return fail(err)
	}
	if err := r.write(dir); err != nil {
		return fail(err)
	}
	w.begin()
	if line, err := bufio.NewReader(w.ready).ReadString('\n'); err != nil {
		if errors.Is(err, os.ErrDeadlineExceeded) && ctx.Err() == nil {
			return fail(fmt.Errorf("the sandbox did not start within %s", startLimit))
		}
		if err := ctx.Err(); err != nil {
			return fail(err)
		}
		return fail(errors.New("the sandbox ended while it started"))
	} else if strings.TrimSpace(line) != "ready" {
		return fail(fmt.Errorf("the sandbox answered %q instead of ready", line))
	}
	return &jail{backend: b, name: name, record: r}, nil
}

// command is what starts the sandbox: the holder with the tutor, in a jail or
// bare.
func (b *Backend) command(name string, spec sandbox.Spec) (*exec.Cmd, error) {
	courseDir, err := filepath.Abs(spec.CourseDir)
	if err != nil {
		return nil, err
	}
	place := bare(b, name, courseDir)
	if b.bwrap != "" {
		place = jailed(spec.CourseID)
	}
	inside := []string{
		place.executable, "hold", "run",
		"--socket-fd", strconv.Itoa(socketFD),
		"--exit-fd", strconv.Itoa(exitFD),
		"--ready-fd", strconv.Itoa(readyFD),
		"--go-fd", strconv.Itoa(goFD),
		"--life", b.opts.Life.String(),
		"--idle", b.opts.Idle.String(),
	}
	environ := append([]string{
		"HOME=" + place.home, "USER=lab", "LOGNAME=lab", "PATH=/usr/bin:/bin", "LANG=C.UTF-8",
	}, spec.Environ...)
	if b.opts.Model != nil {
		inside = append(inside, "--forward", insideProxy+"="+filepath.Join(insideDoor, doorName))
		model, err := b.modelEnviron(name, spec)
		if err != nil {
			return nil, err
		}
		environ = append(environ, model...)
	}
	switch {
	case len(b.opts.Command) > 0:
		inside = append(append(inside, "--"), b.opts.Command...)
	case b.opts.Model != nil:
		inside = append(append(inside, "--"), insideJail.Command(spec, place.course)...)
	default:
		inside = append(inside, "--own-notices", "--", place.executable, "tutor",
			"--course", place.course, "--id", spec.CourseID, "--title", spec.CourseTitle,
			"--stage", strconv.Itoa(spec.Stage), "--state", filepath.Join(place.home, ".lectern", spec.CourseID))
	}
	if b.bwrap == "" {
		cmd := exec.Command(inside[0], inside[1:]...)
		cmd.Dir, cmd.Env = place.home, environ
		return cmd, nil
	}
	args, err := b.jailArguments(name, courseDir, place)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(b.bwrap, append(append(args, "--"), inside...)...)
	// The jail inherits it. On the command line everybody on this machine could read
	// the token.
	cmd.Env = environ
	return cmd, nil
}

// place is where things are for the processes of a sandbox.
type place struct{ executable, home, course string }

func bare(b *Backend, name, courseDir string) place {
	return place{executable: b.opts.Executable, home: b.home(name), course: courseDir}
}

func firstLine(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	data, _ := io.ReadAll(io.LimitReader(f, 4<<10))
	line, _, _ := bytes.Cut(bytes.TrimSpace(data), []byte("\n"))
	return string(line)
}
