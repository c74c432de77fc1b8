package local

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lectern/sandbox"
)

func TestModelThatNoJailCouldUse(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join(dir, "script")
	notRun := filepath.Join(dir, "not-run")
	for path, text := range map[string]string{script: "#!/usr/bin/env node\n", notRun: "\x7fELF and so on"} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(script, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		program   string
		isolation Isolation
		want      string
	}{
		"not isolated": {lectern, None, "set sandbox.local.isolation to bubblewrap"},
		"missing":      {filepath.Join(dir, "none"), Bubblewrap, "there is no Claude Code"},
		"a script":     {script, Bubblewrap, "needs Node.js"},
		"a folder":     {dir, Bubblewrap, "needs Node.js"},
		"not to run":   {notRun, Bubblewrap, "may not be run"},
	} {
		t.Run(name, func(t *testing.T) {
			opts := options(t, test.isolation)
			opts.Model = &Model{Program: test.program}
			_, err := New(t.Context(), opts)
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("told %v", err)
			}
		})
	}
}

// asked gives one line to whoever comes by a door: what it has heard.
func asked(l net.Listener) error {
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		heard, _ := bufio.NewReader(conn).ReadString('\n')
		_, _ = fmt.Fprintf(conn, "%s at %s\n", strings.TrimSpace(heard), l.Addr())
		_ = conn.Close()
	}
}

// A gateway may have its data anywhere, also where the path of a socket is too long
// for the kernel, and it may be started again while its sandboxes live on.
func TestDoorOfAJail(t *testing.T) {
	opts := options(t, Bubblewrap)
	opts.Dir = filepath.Join(opts.Dir, strings.Repeat("long/", 30))
	var bearer sandbox.Bearer
	opts.Model = &Model{
		Program: lectern, Serve: asked,
		Sign: func(b sandbox.Bearer) (string, error) {
			bearer = b
			return "secret-token", nil
		},
	}
	name := sandbox.Name("ada")
	// What the tutor does not ask, the test does from outside, by the same socket.
	ask := func(b *Backend) (string, error) {
		dir, err := os.Open(b.doorFolder(name))
		if err != nil {
			return "", err
		}
		defer func() { _ = dir.Close() }()
		conn, err := net.Dial("unix", fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), doorName))
		if err != nil {
			return "", err
		}
		defer func() { _ = conn.Close() }()
		_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
		if _, err := fmt.Fprintln(conn, "hello"); err != nil {
			return "", err
		}
		return bufio.NewReader(conn).ReadString('\n')
	}
	for round := range 2 { // the second is another gateway's
		b, err := New(t.Context(), opts)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		watched := make(chan error, 1)
		go func() { watched <- b.Watch(ctx, func(context.Context, sandbox.Change) error { return nil }) }()
		sb, err := b.Acquire(t.Context(), sandbox.Spec{
			Login: "ada", Session: "s", CourseID: "c", CourseDir: t.TempDir(), Stage: 2,
		}, func(sandbox.Phase) {})
		if err != nil {
			t.Fatal(err)
		}
		j := sb.(*jail)
		if !j.Made().AsksModel {
			t.Error("the sandbox does not tell that its tutor asks a model")
		}
		answer, err := ask(b)
		for deadline := time.Now().Add(10 * time.Second); err != nil && time.Now().Before(deadline); answer, err = ask(b) {
			time.Sleep(10 * time.Millisecond) // Watch opens it
		}
		if want := "hello at " + b.door(name) + "\n"; err != nil || answer != want {
			t.Errorf("by the door of round %d there is %q, %v; not %q", round, answer, err, want)
		}
		if round == 0 {
			if bearer.Address != "unix:"+b.door(name) || bearer.Name != name || bearer.Session != "s" || bearer.Stage != 2 {
				t.Errorf("the token is for %+v", bearer)
			}
			for _, pid := range j.record.PIDs {
				line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
				if err != nil || strings.Contains(string(line), "secret-token") {
					t.Errorf("everybody on this machine can read %q, %v", line, err)
				}
			}
			if err := j.Extend(t.Context(), opts.Life+sandbox.Overtime+time.Hour); err == nil || !strings.Contains(err.Error(), "this session can last") {
				t.Errorf("extended beyond the token: %v", err)
			}
			if err := j.Extend(t.Context(), opts.Life+sandbox.Overtime-time.Hour); err != nil {
				t.Error(err)
			}
		} else if err := j.Kill(t.Context(), "the test is over"); err != nil {
			t.Error(err)
		}
		cancel()
		if err := <-watched; err != nil {
			t.Error(err)
		}
		if answer, err := ask(b); err == nil {
			t.Errorf("nobody watches, and the door gives %q", answer)
		}
	}
}

// What a tutor with a model finds in its jail.
func TestJailWithAModel(t *testing.T) {
	opts := options(t, Bubblewrap)
	opts.Model = &Model{Program: lectern, Serve: asked, Sign: func(sandbox.Bearer) (string, error) { return "secret-token", nil }}
	b, err := New(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	name := sandbox.Name("ada")
	if err := os.MkdirAll(b.home(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(b.path(name), 0o700); err != nil {
		t.Fatal(err)
	}
	b.opts.Command = nil
	cmd, err := b.command(name, sandbox.Spec{Login: "ada", Session: "s", CourseID: "c", CourseTitle: "C", CourseDir: t.TempDir(), Stage: 2})
	if err != nil {
		t.Fatal(err)
	}
	line := strings.Join(cmd.Args, " ")
	for _, want := range []string{
		"--tmpfs /usr/bin", "--ro-bind " + b.opts.Model.Program + " /opt/claude/claude",
		"--ro-bind " + b.doorFolder(name) + " /run/lectern/api", "--ro-bind " + b.path(name, "claude") + " /etc/claude-code",
		"--forward 127.0.0.1:8787=/run/lectern/api/proxy.sock",
		"-- /opt/lectern/lectern claude --program /opt/claude/claude --no-shell /opt/lectern/no-shell/bash --course /home/lab/papers/c --id c --title C --stage 2",
	} {
		if !strings.Contains(line, want) {
			t.Errorf("the jail is made without %q: %s", want, line)
		}
	}
	if strings.Contains(line, "--own-notices") || strings.Contains(line, "secret-token") {
		t.Errorf("the jail is made with %s", line)
	}
	environ := strings.Join(cmd.Env, " ")
	for _, want := range []string{"ANTHROPIC_BASE_URL=http://127.0.0.1:8787", "ANTHROPIC_AUTH_TOKEN=secret-token", "HOME=/home/lab"} {
		if !strings.Contains(environ, want) {
			t.Errorf("the environment lacks %s: %s", want, environ)
		}
	}
	if left, err := os.ReadDir(b.path(name, "claude")); err != nil || len(left) != 2 {
		t.Errorf("the managed settings are %v, %v", left, err)
	}
	_ = os.RemoveAll(b.path(name))
}
