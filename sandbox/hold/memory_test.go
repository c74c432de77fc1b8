package hold

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestMemoryKills(t *testing.T) {
	before := memoryEvents
	defer func() { memoryEvents = before }()
	for name, test := range map[string]struct {
		text string
		want int
	}{
		"v2":      {"low 0\nhigh 0\nmax 12\noom 3\noom_kill 2\noom_group_kill 0\n", 2},
		"v1":      {"oom_kill_disable 0\nunder_oom 0\noom_kill 5\n", 5},
		"nothing": {"", 0},
		"junk":    {"oom_kill many\n", 0},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "events")
			if err := os.WriteFile(file, []byte(test.text), 0o600); err != nil {
				t.Fatal(err)
			}
			memoryEvents = []string{filepath.Join(t.TempDir(), "none"), file}
			if got := memoryKills(); got != test.want {
				t.Errorf("%d, want %d", got, test.want)
			}
		})
	}
}

func TestWhySignalledSaysHowToGoOn(t *testing.T) {
	const want = "The tutor was ended by signal 15 (terminated). What you have done is kept: choose the stage again to go on."
	if got := (&tutor{}).whySignalled(syscall.SIGTERM); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
