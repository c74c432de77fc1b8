package local

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"time"

	"lectern/sandbox"
	"lectern/sandbox/claude"
)

// Model is what it takes to run Claude Code in jails.
type Model struct {
	// Program is the path of Claude Code's native program on this machine.
	Program string
	// Names are the models that may be asked, the tutor's own first; none where
	// Claude Code chooses.
	Names []string
	// Sign makes the session token of a jail.
	Sign sandbox.Sign
	// Serve is the API proxy on the Unix socket of one jail, which must bound how
	// many connections it takes: each costs the gateway a descriptor. The address of
	// the listener is a *net.UnixAddr with the path that the token names after
	// "unix:". It returns once the listener is closed, which Watch does when the sandbox has ended, and when it ends itself.
	Serve func(net.Listener) error
}

// Places in a jail with a model.
const (
	insideDoor   = "/run/lectern/api"
	insideProxy  = "127.0.0.1:8787"
	insideClaude = "/opt/claude/claude"
	insideBash   = "/opt/lectern/no-shell/bash"
)

var insideJail = claude.Place{Lectern: insideExecutable, Program: insideClaude, NoShell: insideBash}

// doorName is the socket of the API proxy in the folder that a jail sees. The
// folder is what is bound there, so that a gateway that starts again can put a
// socket of its own in the place of the old one.
const doorName = "proxy.sock"

func (b *Backend) doorFolder(name string) string { return b.path(name, "api") }

func (b *Backend) door(name string) string { return filepath.Join(b.doorFolder(name), doorName) }

// checkModel refuses a model that no jail could use.
func checkModel(m *Model, isolation Isolation) (err error) {
	if isolation != Bubblewrap {
		return errors.New("only in a sandbox may Claude Code run: set sandbox.local.isolation to bubblewrap")
	}
	m.Program, err = NativeProgram(m.Program)
	return err
}

// NativeProgram follows links to Claude Code's program, and refuses what no jail
// could run: a jail sees that one file and nothing that it may lead to.
func NativeProgram(path string) (string, error) {
	const otherwise = "set sandbox.local.claude to the native program, which claude install and the npm packages @anthropic-ai/claude-code-linux-* bring"
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", fmt.Errorf("there is no Claude Code (%w): %s", err, otherwise)
	}
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("look at Claude Code: %w", err)
	}
	defer func() { _ = file.Close() }()
	magic := make([]byte, 4)
	if _, err := io.ReadFull(file, magic); err != nil || !bytes.Equal(magic, []byte("\x7fELF")) {
		return "", fmt.Errorf("%s is no program that runs by itself, as one that needs Node.js is not: %s", path, otherwise)
	}
	if info, err := file.Stat(); err != nil || info.Mode().Perm()&0o111 == 0 {
		return "", fmt.Errorf("%s may not be run: %s", path, otherwise)
	}
	return path, nil
}

// modelArguments put into a jail what its tutor needs to ask a model.
func (b *Backend) modelArguments(name string) ([]string, error) {
	managed, err := claude.Managed()
	if err != nil {
		return nil, err
	}
	args := []string{
		"--ro-bind", b.opts.Model.Program, insideClaude,
		"--symlink", insideExecutable, insideBash,
		"--ro-bind", b.doorFolder(name), insideDoor,
	}
	// Of the host's programs none is left that could be run: not by the tutor, and
	// not by a learner through it.
	for _, dir := range append([]string{"/usr/bin", "/usr/sbin", "/usr/local", "/usr/games"}, hostPrograms[:2]...) {
		if info, err := os.Lstat(dir); err == nil && info.IsDir() {
			args = append(args, "--tmpfs", dir)
		}
	}
	outside := b.path(name, "claude")
	for _, dir := range []string{outside, b.doorFolder(name)} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("make a folder for the tutor: %w", err)
		}
	}
	for file, text := range managed {
		if err := os.WriteFile(filepath.Join(outside, file), text, 0o600); err != nil {
			return nil, fmt.Errorf("write the tutor's settings: %w", err)
		}
	}
	return append(args, "--ro-bind", outside, claude.ManagedDir), nil
}

// modelEnviron leads the tutor to the API proxy, with a token for as long as the
// sandbox can last.
func (b *Backend) modelEnviron(name string, spec sandbox.Spec) ([]string, error) {
	token, err := b.opts.Model.Sign(sandbox.Bearer{
		Login: spec.Login, Session: spec.Session, Name: name, Address: "unix:" + b.door(name),
		CourseID: spec.CourseID, Stage: spec.Stage, Expires: time.Now().Add(b.opts.Life + sandbox.Overtime),
	})
	if err != nil {
		return nil, fmt.Errorf("make the sandbox's session token: %w", err)
	}
	return append(claude.Credential(token, b.opts.Model.Names), claude.URLVariable+"=http://"+insideProxy), nil
}
