package testscript_test

import (
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"

	"lectern/internal/lecterntest"
)

// terminal NAME COLSxROWS COMMAND... runs a command in a terminal of its own,
// which stays with "[exit STATUS]" when the command has ended.
func terminal(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 3 {
		ts.Fatalf("terminal NAME COLSxROWS COMMAND...")
	}
	ts.Check(tmuxOf(ts).Open(args[0], args[1], args[2:]...))
}

// type NAME KEY... presses keys, by tmux's names; "text:…" is typed as it is.
func typeKeys(ts *testscript.TestScript, _ bool, args []string) {
	for _, key := range args[1:] {
		if text, ok := strings.CutPrefix(key, "text:"); ok {
			tmux(ts, "send-keys", "-t", args[0], "-l", text)
		} else {
			tmux(ts, "send-keys", "-t", args[0], key)
		}
	}
}

// resize NAME COLSxROWS changes the size of a terminal.
func resize(ts *testscript.TestScript, _ bool, args []string) {
	cols, rows, _ := strings.Cut(args[1], "x")
	tmux(ts, "resize-window", "-t", args[0], "-x", cols, "-y", rows)
}

// screen NAME PATTERN waits until the terminal shows what matches; ! screen
// looks once and wants that it does not.
func screen(ts *testscript.TestScript, neg bool, args []string) {
	re := regexp.MustCompile("(?m)" + args[1])
	show := func() string { return tmux(ts, "capture-pane", "-p", "-t", args[0]) }
	if neg {
		if shown := show(); re.MatchString(shown) {
			ts.Fatalf("the terminal shows %q:\n%s", args[1], shown)
		}
		return
	}
	waitFor(ts, "the terminal to show "+args[1], func() bool { return re.MatchString(show()) }, show)
}

// hangup NAME takes a terminal away with SIGKILL, as a link that drops.
func hangup(ts *testscript.TestScript, _ bool, args []string) {
	signalClient(ts, args[0], syscall.SIGKILL)
	tmux(ts, "kill-session", "-t", args[0])
}

// freeze NAME stops the client of a terminal: its machine still takes what is
// sent, and nothing ever comes back. thaw NAME lets it go on.
func freeze(ts *testscript.TestScript, _ bool, args []string) {
	signalClient(ts, args[0], syscall.SIGSTOP)
}

func thaw(ts *testscript.TestScript, _ bool, args []string) {
	signalClient(ts, args[0], syscall.SIGCONT)
}

// signalClient signals what the shell of a terminal runs.
func signalClient(ts *testscript.TestScript, name string, signal syscall.Signal) {
	pid, err := strconv.Atoi(strings.TrimSpace(tmux(ts, "display-message", "-p", "-t", name, "#{pane_pid}")))
	ts.Check(err)
	children, err := exec.Command("ps", "-o", "pid=", "--ppid", strconv.Itoa(pid)).Output()
	ts.Check(err)
	for _, child := range strings.Fields(string(children)) {
		n, err := strconv.Atoi(child)
		ts.Check(err)
		ts.Check(syscall.Kill(n, signal))
	}
}

func tmuxOf(ts *testscript.TestScript) lecterntest.Tmux {
	w := worldOf(ts)
	return lecterntest.Tmux{Socket: w.tmux, Dir: w.dir}
}

func tmux(ts *testscript.TestScript, args ...string) string {
	out, err := tmuxOf(ts).Run(args...)
	ts.Check(err)
	return out
}
