// Package testscript_test walks the journeys of learners and operators through
// the real program with the real OpenSSH client, in real terminals (tmux).
// Each script in testdata is one journey.
package testscript_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"lectern/internal/lecterntest"
)

// binary is the folder of the lectern program, built with the race detector.
var binary string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if binary = os.Getenv(insideVariable); binary == "" {
		dir, err := os.MkdirTemp("", "lectern-journeys-")
		if err != nil {
			panic(err)
		}
		defer func() { _ = os.RemoveAll(dir) }()
		if _, err := lecterntest.Build(dir, true); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		binary = dir
	}
	// Journeys mostly wait: for clocks to run down, and for screens.
	flag.Parse()
	if err := flag.Set("test.parallel", "8"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

func TestJourneys(t *testing.T) {
	t.Parallel()
	journeys(t, "testdata")
}

// journeys walks those of one folder.
func journeys(t *testing.T, dir string) {
	for _, program := range []string{"ssh", "sftp", "scp", "ssh-keygen", "ssh-agent", "tmux", "bwrap", "curl"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Fatalf("the journeys need %s: install the packages that make test names", program)
		}
	}
	testscript.Run(t, testscript.Params{
		Dir:                 dir,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               setup,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"gateway":  gateway,
			"class":    class,
			"halt":     halt,
			"github":   github,
			"terminal": terminal,
			"type":     typeKeys,
			"resize":   resize,
			"screen":   screen,
			"hangup":   hangup,
			"freeze":   freeze,
			"thaw":     thaw,
			"alive":    alive,
			"log":      log,
			"disk":     disk,
			"fill":     fill,
			"page":     page,
		},
	})
}

// setup gives each script its own world: a GitHub, an ssh configuration, a
// tmux server, and the sample of a course.
func setup(env *testscript.Env) error {
	root, err := filepath.Abs("../..")
	if err != nil {
		return err
	}
	w, err := newWorld(env)
	if err != nil {
		return err
	}
	env.Values[worldKey{}] = w
	env.Defer(w.close)
	env.Setenv("PATH", binary+string(os.PathListSeparator)+os.Getenv("PATH"))
	env.Setenv("LECTERN", filepath.Join(binary, "lectern"))
	env.Setenv("HOME", env.WorkDir)
	env.Setenv("GITHUB", w.github.URL)
	env.Setenv("PORT", w.port)
	env.Setenv("PAGE", "http://127.0.0.1:"+w.page)
	env.Setenv("FREE_PORT", w.free)
	env.Setenv("ROOT", root)
	env.Setenv("TERM", "xterm-256color")
	env.Setenv("LC_ALL", "C.UTF-8")
	config := fmt.Sprintf(`Host *
	HostName 127.0.0.1
	Port %s
	UserKnownHostsFile %s
	StrictHostKeyChecking accept-new
	IdentitiesOnly yes
	IdentityAgent none
	LogLevel INFO
`, w.port, filepath.Join(env.WorkDir, "known_hosts"))
	if err := os.CopyFS(filepath.Join(env.WorkDir, "courses"), os.DirFS("courses")); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(env.WorkDir, "ssh_config"), []byte(config), 0o600)
}
