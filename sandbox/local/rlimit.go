package local

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// maxFile is the longest file that a program in a jail may write.
const maxFile = 4 << 30

// restrict sets what the system itself limits (getrlimit(2)), for the first
// process of a jail and so for all in it: the length of a file, and the number
// of processes where no control group does that. The latter does not hold back
// root, who mostly may make control groups.
func (b *Backend) restrict(pid int) error {
	if err := unix.Prlimit(pid, unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: maxFile, Max: maxFile}, nil); err != nil {
		return fmt.Errorf("limit the sandbox's files: %w", err)
	}
	if len(b.cgroups.groups) > 0 || b.opts.Processes <= 0 || !countsPerNamespace() {
		return nil
	}
	most := uint64(b.opts.Processes)
	if err := unix.Prlimit(pid, unix.RLIMIT_NPROC, &unix.Rlimit{Cur: most, Max: most}, nil); err != nil {
		return fmt.Errorf("limit the sandbox's processes: %w", err)
	}
	return nil
}

// countsPerNamespace tells whether the kernel counts the processes of each user
// namespace by themselves, as it does since 5.14. Before, all that the gateway's
// user runs would count, and a sandbox would have no place in it.
func countsPerNamespace() bool {
	var name unix.Utsname
	if unix.Uname(&name) != nil {
		return false
	}
	var major, minor int
	_, err := fmt.Sscanf(unix.ByteSliceToString(name.Release[:]), "%d.%d", &major, &minor)
	return err == nil && (major > 5 || major == 5 && minor >= 14)
}
