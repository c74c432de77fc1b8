package node

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// ErrUp means that there is nothing to start.
var ErrUp = errors.New("the cluster is up already")

// Start is what Up needs to know.
type Start struct {
	// Programs is the folder with the Kubernetes program under all its names.
	Programs string
	// Self is the command that calls Run in the node's first process.
	Self []string
	// Tell is given lines on what is being waited for, and how far it is.
	Tell func(line string)
}

// Up starts the node and returns when all of it is ready. If it fails, or ctx
// ends before, the node is taken down again.
func (n Node) Up(ctx context.Context, how Start) (err error) {
	h, err := inspectHost()
	if err != nil {
		return err
	}
	unlock, err := n.lock(ctx, how.Tell)
	if err != nil {
		return err
	}
	defer unlock()
	if n.isUp(ctx) {
		return ErrUp
	}
	if err := n.clear(); err != nil { // what a crash left, or one who was killed while starting
		return err
	}
	defer func() {
		if err == nil {
			return
		}
		err = errors.Join(err, n.clear(), os.Remove(n.Dir()))
		_ = os.Remove(stateRoot) // only works for the last one
	}()
	if err := n.writeCredentials(); err != nil {
		return err
	}
	if err := n.writeConfig(h); err != nil {
		return err
	}
	if err := os.Symlink(how.Programs, n.Programs()); err != nil {
		return err
	}
	if err := h.cgroups.make(n.cgroup()); err != nil {
		return err
	}
	how.Tell("starting the cluster " + n.Name + " and waiting for its components to be ready")
	ours, theirs, err := socketpair()
	if err != nil {
		return err
	}
	defer func() { _ = ours.Close() }()
	first, err := n.startFirst(how.Self, theirs)
	_ = theirs.Close()
	if err != nil {
		return err
	}
	cut := context.AfterFunc(ctx, func() { _ = unix.Shutdown(int(ours.Fd()), unix.SHUT_RDWR) })
	defer cut()
	err = n.follow(json.NewDecoder(ours), how.Tell)
	if err == nil {
		return first.Process.Release()
	}
	// The first process ends by itself, but this one knows it and can be sure.
	_ = first.Process.Kill()
	_ = first.Wait()
	if ctx.Err() != nil {
		return errors.New("interrupted")
	}
	return err
}

func (n Node) startFirst(self []string, line *os.File) (*exec.Cmd, error) {
	output, err := os.Create(n.nodeLog())
	if err != nil {
		return nil, err
	}
	defer func() { _ = output.Close() }()
	first := exec.Command(self[0], self[1:]...)
	first.Stdout, first.Stderr = output, output
	first.ExtraFiles = []*os.File{line}
	first.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"}
	first.Dir = "/"
	first.SysProcAttr = &syscall.SysProcAttr{
		Setsid: true, // a Ctrl-C is for the one who waits
		Cloneflags: unix.CLONE_NEWPID | unix.CLONE_NEWNS | unix.CLONE_NEWNET |
			unix.CLONE_NEWUTS | unix.CLONE_NEWIPC,
	}
	if err := first.Start(); err != nil {
		return nil, fmt.Errorf("make the namespaces of the node: %w", err)
	}
	return first, nil
}

// follow reads what the first process tells until it is up.
func (n Node) follow(messages *json.Decoder, tell func(string)) error {
	for {
		var message progress
		if err := messages.Decode(&message); err != nil {
			return fmt.Errorf("the node ended while it started:\n%s", tail(n.nodeLog()))
		}
		switch {
		case message.Up:
			return nil
		case message.Failed != "" && message.Component != "":
			return fmt.Errorf("%s; the end of its log:\n%s", message.Failed, tail(n.Log(message.Component)))
		case message.Failed != "":
			return errors.New(message.Failed)
		default:
			tell(fmt.Sprintf("  %-24s ready after %4.1f s", message.Step, message.Took.Seconds()))
		}
	}
}

func socketpair() (ours, theirs *os.File, err error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("make a line to the node: %w", err)
	}
	return os.NewFile(uintptr(pair[0]), "node"), os.NewFile(uintptr(pair[1]), "starter"), nil
}

// tail is the last lines of a log.
func tail(path string) string {
	const lines, width = 15, 300
	data, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	all := strings.Split(string(bytes.TrimSpace(data)), "\n")
	all = all[max(0, len(all)-lines):]
	for i, line := range all {
		all[i] = "  " + line[:min(len(line), width)]
	}
	return strings.Join(all, "\n")
}
