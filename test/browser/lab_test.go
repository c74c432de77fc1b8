package browser_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"lectern/internal/lecterntest"
	"lectern/internal/lecterntest/browser"
	"lectern/internal/lecterntest/leftover"
)

// lab is a gateway that runs as a program of its own, with the learners ada, who
// does everything unless a test says otherwise, and bob.
type lab struct {
	t         *testing.T
	dir       string
	courses   string
	settings  []string // flags of the gateway's besides
	ssh, http string   // its ports
	url       string   // where browsers reach the page: by the wire
	wire      *lecterntest.Wire
	terminals *lecterntest.Terminals

	program *exec.Cmd
	said    *lecterntest.Screen
}

const (
	shortCourse  = "../testscript/courses"
	sampleCourse = "../../courses"
)

// startLab starts a gateway with the courses of a folder.
func startLab(t *testing.T, courses string, settings ...string) *lab {
	t.Helper()
	l := &lab{t: t, settings: settings, dir: t.TempDir(), ssh: lecterntest.ReservePort(), http: lecterntest.ReservePort()}
	var err error
	if l.courses, err = filepath.Abs(courses); err != nil {
		t.Fatal(err)
	}
	var keys []byte
	for _, login := range []string{"ada", "bob"} {
		if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", login, "-f", l.path(login)).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		key, err := os.ReadFile(l.path(login + ".pub"))
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key...)
	}
	if err := os.WriteFile(l.path("authorized_keys"), keys, 0o600); err != nil {
		t.Fatal(err)
	}
	l.wire = lecterntest.LayWire(t, "127.0.0.1:"+l.http)
	l.url = "http://" + l.wire.Addr()
	l.terminals = lecterntest.NewTerminals(t, l.dir)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the gateway said:\n%s", l.said.All())
		}
		l.end(syscall.SIGTERM)
		if err := leftover.Clear(l.dir, binary); err != nil {
			t.Error(err)
		}
	})
	l.start()
	return l
}

func (l *lab) path(name string) string { return filepath.Join(l.dir, name) }

// start starts the gateway, also once more.
func (l *lab) start() {
	l.t.Helper()
	l.said = lecterntest.NewScreen()
	l.program = exec.Command(binary, append([]string{"serve", "--data_dir", l.path("data"), "--courses.sources", l.courses,
		"--ssh.listen", "127.0.0.1:" + l.ssh, "--metrics.listen", "", "--web.listen", "127.0.0.1:" + l.http, "--web.public_url", l.url,
		"--auth.users", "ada,bob", "--auth.authorized_keys", l.path("authorized_keys")}, l.settings...)...)
	l.program.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + l.dir, "GORACE=halt_on_error=1 exitcode=66"}
	l.program.Stdout, l.program.Stderr = l.said, l.said
	if err := l.program.Start(); err != nil {
		l.t.Fatal(err)
	}
	l.said.Expect(l.t, "msg=listening")
}

// end ends the gateway, unless it has ended.
func (l *lab) end(signal syscall.Signal) {
	l.t.Helper()
	if l.program == nil || l.program.ProcessState != nil {
		return
	}
	_ = l.program.Process.Signal(signal)
	if err := l.program.Wait(); err != nil && signal == syscall.SIGTERM {
		l.t.Errorf("the gateway ended with %v", err)
	}
}

// command is an ssh of ada's.
func (l *lab) command(args ...string) []string { return l.commandOf("ada", args...) }

func (l *lab) commandOf(login string, args ...string) []string {
	return append([]string{
		"ssh", "-F", "/dev/null", "-p", l.ssh, "-i", l.path(login), "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=accept-new",
		"-o", "UserKnownHostsFile=" + l.path("known_hosts"), "-o", "LogLevel=ERROR", "lab@127.0.0.1",
	}, args...)
}

// run is what a command over ssh prints.
func (l *lab) run(args ...string) string {
	l.t.Helper()
	return l.runOf("ada", args...)
}

func (l *lab) runOf(login string, args ...string) string {
	l.t.Helper()
	command := l.commandOf(login, args...)
	out, err := exec.CommandContext(l.t.Context(), command[0], command[1:]...).CombinedOutput()
	if err != nil {
		l.t.Fatalf("ssh lab@host %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// link is a fresh one that signs a browser in.
func (l *lab) link() string {
	l.t.Helper()
	return l.linkOf("ada")
}

func (l *lab) linkOf(login string) string {
	l.t.Helper()
	said := l.runOf(login, "web")
	link := browser.Link(said, l.url)
	if link == "" {
		l.t.Fatalf("ssh lab@host web printed no link to %s: %s", l.url, said)
	}
	return link
}

// open opens the page by a link.
func (l *lab) open(d browser.Device) *browser.Tab {
	l.t.Helper()
	return l.openAt(d, l.link())
}

func (l *lab) openAt(d browser.Device, address string) *browser.Tab {
	l.t.Helper()
	c, err := chromium.Get()
	if err != nil {
		l.t.Fatal(err)
	}
	return c.Open(l.t, d, address)
}
