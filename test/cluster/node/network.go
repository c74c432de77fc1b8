package node

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// uplink is the interface that holds the node's address. It is a bridge, which
// every kernel has, with nothing plugged in.
const uplink = "node0"

// setUpNetwork makes this process's fresh network namespace a node's network.
func setUpNetwork() error {
	for _, arguments := range []string{
		"link set lo up",
		"link add " + uplink + " type bridge",
		"address add " + Address + "/24 dev " + uplink,
		"link set " + uplink + " up",
		// Packets to a Service need a route to be looked at at all.
		"route add default dev " + uplink,
	} {
		output, err := exec.Command("ip", strings.Fields(arguments)...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("set up the node's network: ip %s: %w: %s", arguments, err, bytes.TrimSpace(output))
		}
	}
	if err := os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0o644); err != nil {
		return fmt.Errorf("let the node forward packets: %w", err)
	}
	return nil
}
