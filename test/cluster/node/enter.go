package node

import (
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// Enter turns this process into the command, inside the node's network and
// otherwise where it is. It returns only if that fails. There is no process
// in between: signals and the exit status are the command's own.
func (n Node) Enter(path string, arguments, environ []string) error {
	pid, err := n.PID()
	if err != nil {
		return err
	}
	network, err := os.Open(fmt.Sprintf("/proc/%d/ns/net", pid))
	if err != nil {
		return fmt.Errorf("find the network of the node: %w", err)
	}
	runtime.LockOSThread() // the namespace is this thread's, which becomes the command
	if err := unix.Setns(int(network.Fd()), unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("enter the network of the node: %w", err)
	}
	if err := unix.Exec(path, arguments, environ); err != nil {
		return fmt.Errorf("run %s: %w", path, err)
	}
	return nil
}
