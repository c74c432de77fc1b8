package hold

import (
	"bytes"
	"os"
	"strconv"
)

// childrenOf lists the processes whose parent is pid (proc(5), the fourth field
// of stat; the second, the name, is in parentheses and may hold anything).
func childrenOf(pid int) []int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	parent := []byte(strconv.Itoa(pid))
	var children []int
	for _, entry := range entries {
		child, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		stat, err := os.ReadFile("/proc/" + entry.Name() + "/stat")
		if err != nil {
			continue
		}
		after := stat[bytes.LastIndexByte(stat, ')')+1:]
		if fields := bytes.Fields(after); len(fields) > 1 && bytes.Equal(fields[1], parent) {
			children = append(children, child)
		}
	}
	return children
}
