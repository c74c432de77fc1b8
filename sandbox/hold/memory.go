package hold

import (
	"bytes"
	"os"
	"strconv"
)

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
