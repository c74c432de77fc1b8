package local

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lectern/internal/lecterntest"
	"lectern/sandbox"
)

// inside runs a script in a jail of a learner and returns what it says.
func inside(t *testing.T, opts Options, login, courseDir, script string) string {
	t.Helper()
	opts.Command = []string{"/bin/sh", "-c", script}
	b, err := New(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	return run(t, b, login, courseDir)
}

// run makes a sandbox of b and returns what its program says.
func run(t *testing.T, b *Backend, login, courseDir string) string {
	t.Helper()
	sb, err := b.Acquire(t.Context(), sandbox.Spec{
		Login: login, Session: "s", CourseID: "c", CourseDir: courseDir, Stage: 1, Environ: []string{"TERM=xterm"},
	}, func(sandbox.Phase) {})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := sb.Kill(t.Context(), "the script is over"); err != nil {
			t.Error(err)
		}
	}()
	in, typed := io.Pipe()
	defer func() { _ = typed.Close() }()
	screen := lecterntest.NewScreen()
	exit, err := sb.Attach(t.Context(), sandbox.Control, sandbox.Terminal{In: in, Out: screen, Size: sandbox.Size{Cols: 200, Rows: 50}})
	if err != nil || exit.Ending != sandbox.Exited {
		t.Fatalf("the script ended by %+v, %v", exit, err)
	}
	return strings.ReplaceAll(screen.All(), "\r\n", "\n")
}

func TestJail(t *testing.T) {
	opts := options(t, Bubblewrap)
	course := t.TempDir()
	if err := os.WriteFile(filepath.Join(course, "CLAUDE.md"), []byte("# A course\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("of the host"), 0o644); err != nil {
		t.Fatal(err)
	}
	said := inside(t, opts, "ada", course, `
exec 2>&1
may() { if sh -c "$2" >/dev/null 2>&1; then echo "may $1"; else echo "may not $1"; fi; }
may "read the course" "grep -q 'A course' papers/c/CLAUDE.md"
may "write its home" "echo kept > kept"
may "write /tmp" "echo x > /tmp/x"
may "write the course" "echo x >> papers/c/CLAUDE.md"
may "add to the course" "echo x > papers/c/x"
may "add a course" "mkdir papers/d"
may "write the system" "echo x > /usr/x"
may "write the root" "echo x > /x"
may "write /etc" "echo x > /etc/passwd"
may "see a file of the host" "cat `+secret+`"
may "see the accounts of the host" "cat /etc/shadow"
may "see the state of the host" "ls /var"
may "make a namespace" "unshare --user true"
may "mount" "mount -t tmpfs none /tmp"
may "find the holder's socket" "find / -type s 2>/dev/null | grep -q ."
may "write in the place of the holder" "true >>/proc/$PPID/fd/8"
may "see a process of the host" "grep local.test /proc/[0-9]*/comm"
echo "user $(id -u), $(cut -d: -f1 /etc/passwd)"
echo "host $(uname -n)"
echo "network $(tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' \n')"
grep -E '^(CapEff|CapBnd|NoNewPrivs):' /proc/self/status
`)
	for _, want := range []string{
		"may read the course", "may write its home", "may write /tmp",
		"may not write the course", "may not add to the course", "may not add a course", "may not write the system", "may not write the root", "may not write /etc",
		"may not see a file of the host", "may not see the accounts of the host", "may not see the state of the host",
		"may not make a namespace", "may not mount",
		"may not see a process of the host", "may not find the holder's socket", "may not write in the place of the holder",
		"user 1000, lab", "host lectern", "network lo",
		"CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1",
	} {
		if !strings.Contains(said, want+"\n") {
			t.Errorf("the jail does not say %q", want)
		}
	}
	if t.Failed() {
		t.Logf("it said:\n%s", said)
	}
}

// To the kernel the user of a jail is who runs the gateway, which may be root.
func TestJailKeepsOffTheKernel(t *testing.T) {
	said := inside(t, options(t, Bubblewrap), "ada", t.TempDir(), `
for f in $(find /proc -path '/proc/[0-9]*' -prune -o -type f -perm /222 -print); do
	if true 2>/dev/null >>"$f"; then echo "may write $f"; fi
done 2>/dev/null
for f in $(find /proc -maxdepth 1 -type f ! -perm -004); do
	if head -c 1 "$f" >/dev/null; then echo "may read $f"; fi
done 2>/dev/null
cat /proc/sys/kernel/pid_max && wc -l < /proc/meminfo && ls /proc/self/fd >/dev/null && echo looked`)
	if strings.Contains(said, "may ") || !strings.Contains(said, "looked") {
		t.Errorf("the jail says\n%s", said)
	}
}

func TestDataFolderThatJailsCanRead(t *testing.T) {
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink("/usr", link); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"/usr/lectern-test/data", link + "/lectern-test/data"} {
		opts := Options{Dir: dir, Executable: lectern, Isolation: Bubblewrap, Log: slog.New(slog.DiscardHandler)}
		t.Cleanup(func() { _ = os.RemoveAll("/usr/lectern-test") })
		if _, err := New(t.Context(), opts); err == nil || !strings.Contains(err.Error(), "every sandbox can read /usr") {
			t.Errorf("%s: %v", dir, err)
		}
	}
	if _, err := os.Stat("/usr/lectern-test"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it was made all the same: %v", err)
	}
}

func TestHomeIsKeptForEachLearner(t *testing.T) {
	opts := options(t, Bubblewrap)
	course := t.TempDir()
	inside(t, opts, "ada", course, "echo of ada > note")
	if said := inside(t, opts, "ada", course, "cat note"); said != "of ada\n" {
		t.Errorf("the second time ada reads %q", said)
	}
	if said := inside(t, opts, "a-da", course, "ls -A"); strings.Contains(said, "note") {
		t.Errorf("another learner sees %q", said)
	}
}

// bubblewrap follows a link while it still sees the whole host, below /oldroot.
func TestLinkInHomeLeadsNowhere(t *testing.T) {
	for _, link := range []string{"papers", "papers/c"} {
		t.Run(link, func(t *testing.T) {
			opts := options(t, Bubblewrap)
			course, host := t.TempDir(), t.TempDir()
			if err := os.WriteFile(filepath.Join(course, "CLAUDE.md"), []byte("# A course\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			at := filepath.Join(opts.Dir, "homes", sandbox.Name("ada"), link)
			if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(filepath.Join("/oldroot", host), at); err != nil {
				t.Fatal(err)
			}
			if said := inside(t, opts, "ada", course, "cat papers/c/CLAUDE.md"); said != "# A course\n" {
				t.Errorf("instead of the course there is %q", said)
			}
			if made, err := os.ReadDir(host); err != nil || len(made) > 0 {
				t.Errorf("on the host were made %v, %v", made, err)
			}
		})
	}
}

func TestLimitsWithoutControlGroups(t *testing.T) {
	opts := options(t, Bubblewrap)
	opts.Memory, opts.Processes = 0, 0
	b, err := New(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	b.opts.Processes = 24 // for which there is no control group now
	b.opts.Command = []string{"/bin/sh", "-c", `
while read -r max what kind soft hard unit; do echo "$max $what $kind $soft"; done </proc/self/limits
i=0; while [ $i -lt 60 ]; do sleep 60 & i=$((i+1)); done 2>&1; echo made all`}
	said := run(t, b, "ada", t.TempDir())
	for _, want := range []string{fmt.Sprintf("Max file size %d\n", int64(maxFile)), "Max processes 24 "} {
		if !strings.Contains(said, want) {
			t.Errorf("the jail does not say %q but\n%s", want, said)
		}
	}
	if os.Getuid() != 0 && strings.Contains(said, "made all") && !strings.Contains(strings.ToLower(said), "fork") {
		t.Errorf("60 processes in a sandbox of 24: %q", said)
	}
}

func TestLimits(t *testing.T) {
	opts := options(t, Bubblewrap)
	opts.Memory, opts.Processes = 64<<20, 24
	if b, err := New(t.Context(), opts); err != nil || len(b.cgroups.groups) == 0 {
		t.Skipf("this host lets the gateway make no control groups (%v)", err)
	}
	course := t.TempDir()
	// tail keeps a line of any length in memory.
	said := inside(t, opts, "ada", course, "head -c 300M /dev/zero | tail -n 1 | wc -c; echo went on")
	if strings.Contains(said, "314572800") || !strings.Contains(said, "went on") {
		t.Errorf("300 MB in a sandbox of 64 MB: %q", said)
	}
	said = inside(t, opts, "ada", course, "i=0; while [ $i -lt 60 ]; do sleep 60 & i=$((i+1)); done 2>&1; echo made all")
	if strings.Contains(said, "made all") && !strings.Contains(strings.ToLower(said), "fork") {
		t.Errorf("60 processes in a sandbox of 24: %q", said)
	}
}
