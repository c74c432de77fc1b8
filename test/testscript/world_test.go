package testscript_test

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"

	"lectern/internal/lecterntest"
	"lectern/internal/lecterntest/leftover"
)

type worldKey struct{}

// patience is how long anything may take that a script waits for.
const patience = 30 * time.Second

// world is what one script plays in.
type world struct {
	dir     string
	port    string // the gateway's
	page    string // its page's
	free    string // a port that nobody uses
	code    string // of the last link to the page
	session string // that the page has shown last
	github  *fakeGitHub
	tmux    string // its socket

	class   *classroom // nil: none has begun
	gateway *exec.Cmd
	disks   []string // mounted ones
	errorf  func(format string, args ...any)
	output  *lecterntest.Output
	ended   chan struct{}
}

func newWorld(env *testscript.Env) (*world, error) {
	w := &world{dir: env.WorkDir, tmux: filepath.Join(env.WorkDir, "tmux.sock"), github: newGitHub(), output: &lecterntest.Output{}}
	w.errorf = env.T().(interface{ Errorf(string, ...any) }).Errorf // a *testing.T
	for _, port := range []*string{&w.port, &w.page, &w.free} {
		if *port = lecterntest.ReservePort(); *port == "" {
			return nil, errors.New("no port is free")
		}
	}
	return w, nil
}

// close ends everything that the script has left, its sandboxes too.
func (w *world) close() {
	if w.class != nil {
		_ = w.class.stop()
	}
	_ = exec.Command("tmux", "-S", w.tmux, "kill-server").Run()
	w.endGateway(syscall.SIGKILL)
	w.github.close()
	left := leftover.Clear(w.dir, filepath.Join(binary, "lectern"))
	for _, dir := range w.disks {
		if gone := unix.Unmount(dir, unix.MNT_DETACH); gone != nil {
			w.errorf("the disk %s stays: %v", dir, gone)
		}
	}
	if left != nil {
		w.errorf("after the journey %v", left)
	}
}

func worldOf(ts *testscript.TestScript) *world { return ts.Value(worldKey{}).(*world) }

// gateway [FLAG...] starts the gateway and waits until it listens. With !, it
// has to end by itself with a status other than 0.
func gateway(ts *testscript.TestScript, neg bool, args []string) {
	w := worldOf(ts)
	cmd := exec.Command(filepath.Join(binary, "lectern"), append([]string{
		"serve", "--ssh.listen", "127.0.0.1:" + w.port, "--metrics.listen", "", "--data_dir", "data",
		"--web.listen", "127.0.0.1:" + w.page, "--web.public_url", "http://127.0.0.1:" + w.page,
		"--courses.sources", "courses", "--auth.github_url", w.github.URL,
	}, args...)...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = []string{"PATH=" + ts.Getenv("PATH"), "HOME=" + w.dir, "GORACE=halt_on_error=1 exitcode=66"}
	w.output = &lecterntest.Output{}
	cmd.Stdout, cmd.Stderr = w.output, w.output
	ts.Check(cmd.Start())
	w.gateway, w.ended = cmd, make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(w.ended)
	}()
	if neg {
		select {
		case <-w.ended:
		case <-time.After(patience):
			ts.Fatalf("the gateway did not end: %s", w.output)
		}
		if cmd.ProcessState.Success() {
			ts.Fatalf("the gateway ended with status 0: %s", w.output)
		}
		return
	}
	waitFor(ts, "the gateway to listen", func() bool {
		select {
		case <-w.ended:
			ts.Fatalf("the gateway ended: %s", w.output)
		default:
		}
		return strings.Contains(w.output.String(), "msg=listening")
	}, w.output.String)
}

// halt SIGNAL ends the gateway and waits for it. (The stop of testscript ends the
// script, and would win over a command of ours.)
func halt(ts *testscript.TestScript, _ bool, args []string) {
	signals := map[string]syscall.Signal{"KILL": syscall.SIGKILL, "TERM": syscall.SIGTERM}
	signal, ok := signals[args[0]]
	if !ok {
		ts.Fatalf("halt KILL or TERM")
	}
	w := worldOf(ts)
	w.endGateway(signal)
	if signal == syscall.SIGTERM && !w.gateway.ProcessState.Success() {
		ts.Fatalf("the gateway ended with %s: %s", w.gateway.ProcessState, w.output)
	}
}

func (w *world) endGateway(signal syscall.Signal) {
	if w.gateway == nil {
		return
	}
	_ = w.gateway.Process.Signal(signal)
	<-w.ended
}

// log PATTERN waits until the gateway's output matches.
func log(ts *testscript.TestScript, neg bool, args []string) {
	w := worldOf(ts)
	re := regexp.MustCompile(args[0])
	if neg {
		if re.MatchString(w.output.String()) {
			ts.Fatalf("the gateway's output matches %q: %s", args[0], w.output)
		}
		return
	}
	waitFor(ts, "the gateway to say "+args[0], func() bool { return re.MatchString(w.output.String()) }, w.output.String)
}

// alive N waits until so many sandboxes are there.
func alive(ts *testscript.TestScript, _ bool, args []string) {
	w := worldOf(ts)
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	count := func() int {
		records, _ := filepath.Glob(filepath.Join(w.dir, "data", "sandboxes", "*", "sandbox.json"))
		return len(records)
	}
	waitFor(ts, args[0]+" sandboxes", func() bool { return count() == want }, func() string { return fmt.Sprint(count(), " are there") })
}

// waitFor looks again and again until done, or fails with what there is.
func waitFor(ts *testscript.TestScript, what string, done func() bool, there func() string) {
	for deadline := time.Now().Add(patience); !done(); {
		if time.Now().After(deadline) {
			ts.Fatalf("waited in vain for %s; there is:\n%s\nthe gateway said:\n%s", what, there(), worldOf(ts).output)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
