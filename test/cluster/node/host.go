package node

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// host is what of this machine the configuration depends on.
type host struct {
	cgroups hierarchies
	// mayRaise tells whether a process may be made less likely to be killed
	// when memory runs out. Root in a container often may not.
	mayRaise bool
}

func inspectHost() (host, error) {
	cgroups, err := machineHierarchies()
	if err != nil {
		return host{}, err
	}
	status, err := os.Open("/proc/self/status")
	if err != nil {
		return host{}, err
	}
	defer func() { _ = status.Close() }()
	mayRaise, err := hasCapability(status, unix.CAP_SYS_RESOURCE)
	return host{cgroups: cgroups, mayRaise: mayRaise}, err
}

// hasCapability reads a process's status file (proc(5)).
func hasCapability(status io.Reader, capability int) (bool, error) {
	lines := bufio.NewScanner(status)
	for lines.Scan() {
		if set, found := strings.CutPrefix(lines.Text(), "CapEff:"); found {
			bits, err := strconv.ParseUint(strings.TrimSpace(set), 16, 64)
			if err != nil {
				return false, fmt.Errorf("read the capabilities: %w", err)
			}
			return bits&(1<<capability) != 0, nil
		}
	}
	if err := lines.Err(); err != nil {
		return false, fmt.Errorf("read the capabilities: %w", err)
	}
	return false, nil
}
