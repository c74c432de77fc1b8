package hold

// What a holder does about memory that runs out.

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// oomPath is how readily the kernel ends this process, and those that it starts
// from now on, when memory runs out: up to 1000 (proc(5)).
const oomPath = "/proc/self/oom_score_adj"

// expendable runs start so that the kernel ends what it starts rather than us:
// the tutor's loss is told, and the holder's takes the session with it. Where
// that cannot be arranged, the error says so and start has run all the same.
func expendable(start func()) error {
	before, err := os.ReadFile(oomPath)
	if err != nil {
		start()
		return fmt.Errorf("prefer the tutor when memory runs out: %w", err)
	}
	score, err := strconv.Atoi(strings.TrimSpace(string(before)))
	if err == nil {
		err = os.WriteFile(oomPath, []byte(strconv.Itoa(min(1000, score+500))), 0)
	}
	start()
	if err != nil {
		return fmt.Errorf("prefer the tutor when memory runs out: %w", err)
	}
	// Back to what it was is always allowed.
	if err := os.WriteFile(oomPath, before, 0); err != nil {
		return fmt.Errorf("be the last when memory runs out: %w", err)
	}
	return nil
}

// memoryEvents are where a control group counts its processes that the kernel
// has ended for lack of memory: cgroup v2 and v1 (Documentation/admin-guide,
// cgroup-v2.rst "memory.events" and cgroup-v1/memory.rst "oom_control").
var memoryEvents = []string{"/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control"}

// memoryKills is that count for our own control group, 0 where it cannot be
// read, as in a jail without /sys.
func memoryKills() int {
	for _, file := range memoryEvents {
		data, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		for line := range bytes.Lines(data) {
			if count, ok := bytes.CutPrefix(line, []byte("oom_kill ")); ok {
				n, _ := strconv.Atoi(string(bytes.TrimSpace(count)))
				return n
			}
		}
	}
	return 0
}
