package node

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestFindHierarchies(t *testing.T) {
	for name, test := range map[string]struct {
		mounts  string
		want    hierarchies
		unified bool
	}{
		"version 2 alone": {
			mounts:  "cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid 0 0\nproc /proc proc rw 0 0\n",
			want:    hierarchies{v2: []string{"/sys/fs/cgroup"}},
			unified: true,
		},
		"version 1 with an empty version 2 beside it": {
			mounts: "cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0\ncgroup /sys/fs/cgroup/pids cgroup rw,pids 0 0\n" +
				"cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n",
			want: hierarchies{
				v1: []string{"/sys/fs/cgroup/memory", "/sys/fs/cgroup/pids"}, v2: []string{"/sys/fs/cgroup/unified"},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := findHierarchies(strings.NewReader(test.mounts))
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
			if got.unified() != test.unified {
				t.Errorf("unified is %t, want %t", got.unified(), test.unified)
			}
		})
	}
	if _, err := findHierarchies(strings.NewReader("proc /proc proc rw 0 0\n")); err == nil {
		t.Error("a machine without control groups was accepted")
	}
}

// Folders stand in for control group file systems.
func TestMakeAndRemoveGroup(t *testing.T) {
	memory, pids := t.TempDir(), t.TempDir()
	h := hierarchies{v1: []string{memory, pids}}
	if err := h.make("ours"); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(memory, "ours/kubepods/pod"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(memory, "theirs"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := h.remove("ours", time.Second); err != nil {
		t.Fatal(err)
	}
	for _, gone := range []string{filepath.Join(memory, "ours"), filepath.Join(pids, "ours")} {
		if _, err := os.Stat(gone); !os.IsNotExist(err) {
			t.Errorf("%s is still there", gone)
		}
	}
	if _, err := os.Stat(filepath.Join(memory, "theirs")); err != nil {
		t.Error("the group of another one was removed")
	}
	if err := h.remove("ours", time.Second); err != nil {
		t.Errorf("removing what is not there: %v", err)
	}
}

func TestDelegateHandsEveryControllerOn(t *testing.T) {
	root := t.TempDir()
	write := func(file, text string) {
		if err := os.WriteFile(filepath.Join(root, file), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("cgroup.controllers", "memory\n")
	write("cgroup.subtree_control", "")
	if err := (hierarchies{v2: []string{root}}).make("ours"); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(root, "cgroup.subtree_control"))
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != "+memory" {
		t.Errorf("wrote %q to subtree_control, want +memory", got)
	}
}

func TestHasCapability(t *testing.T) {
	const sysResource = 24
	for status, want := range map[string]bool{
		"Name:\tx\nCapEff:\t000001ffffffffff\n": true,
		"Name:\tx\nCapEff:\t000001fffeffffff\n": false,
		"Name:\tx\n":                            false,
	} {
		got, err := hasCapability(strings.NewReader(status), sysResource)
		if err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("%q: got %t, want %t", status, got, want)
		}
	}
}
