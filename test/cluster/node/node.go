// Package node runs a real Kubernetes of one node on this machine. The node is
// one process, the first of its own PID, mount, network, UTS and IPC
// namespaces, with a /var and a /run of its own; etcd, containerd, every part
// of Kubernetes and every Pod are its descendants. So the end of that process
// is the end of them all, with their mounts, interfaces and rules, however it
// ends; only control groups and one folder are left to clear away.
//
// The network namespace has no way out: nothing a Pod sends leaves it.
package node

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"

	"golang.org/x/sys/unix"
)

// stateRoot holds a folder for each node. It is on disk and not in /run, since
// containerd keeps its layers there.
const stateRoot = "/var/lib/lectern-cluster"

// The addresses of a node. They exist in its network namespace only, so every
// node has the same.
const (
	Address      = "10.95.0.1"
	serviceRange = "10.96.0.0/16"
	firstService = "10.96.0.1" // the apiserver's, as Pods see it
	podRange     = "10.244.0.0/24"
	apiPort      = 6443
)

// Node is a place for a node on this machine, which may be running or not.
type Node struct {
	Name string
}

var validName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,28}[a-z0-9])?$`)

// New checks the name, which becomes the name of the node, of its folder and
// of its control group.
func New(name string) (Node, error) {
	if !validName.MatchString(name) {
		return Node{}, fmt.Errorf("%q is no name for a cluster: use up to 30 of a-z, 0-9 and -", name)
	}
	return Node{Name: name}, nil
}

// Dir is the node's folder, Kubeconfig lets its reader do everything in the
// cluster, Programs has kubectl in it, and Containerd is the socket of the
// container runtime.
func (n Node) Dir() string        { return filepath.Join(stateRoot, n.Name) }
func (n Node) Kubeconfig() string { return filepath.Join(n.Dir(), "kubeconfig") }
func (n Node) Programs() string   { return filepath.Join(n.Dir(), "bin") }
func (n Node) Containerd() string { return filepath.Join(n.Dir(), "run/containerd/containerd.sock") }

// Logs is the folder that components write to, and Log is the file of one.
func (n Node) Logs() string                { return filepath.Join(n.varDir(), "log") }
func (n Node) Log(component string) string { return logFile(n.Logs(), component) }

// varDir and runDir are mounted on /var and /run inside.
func (n Node) varDir() string  { return filepath.Join(n.Dir(), "var") }
func (n Node) runDir() string  { return filepath.Join(n.Dir(), "run") }
func (n Node) control() string { return filepath.Join(n.runDir(), controlSocket) }
func (n Node) nodeLog() string { return filepath.Join(n.Dir(), "node.log") }
func (n Node) cgroup() string  { return "lectern-cluster-" + n.Name }

func logFile(logs, component string) string { return filepath.Join(logs, component+".log") }

// ErrDown means that the node is not running.
var ErrDown = errors.New("the cluster is not up")

// PID is the node's first process as this machine counts. The kernel tells it:
// only the process that listens on the node's socket can answer for it, so no
// number has to be trusted that another process may have by now.
func (n Node) PID() (int, error) {
	conn, err := net.Dial("unix", n.control())
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ECONNREFUSED) {
		return 0, ErrDown
	}
	if err != nil {
		return 0, fmt.Errorf("reach the node: %w", err)
	}
	defer func() { _ = conn.Close() }()
	raw, err := conn.(*net.UnixConn).SyscallConn()
	if err != nil {
		return 0, err
	}
	var peer *unix.Ucred
	var failed error
	err = raw.Control(func(fd uintptr) {
		peer, failed = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	if err := errors.Join(err, failed); err != nil {
		return 0, fmt.Errorf("ask who the node is: %w", err)
	}
	return int(peer.Pid), nil
}
