package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/spf13/cobra"

	"lectern/test/cluster/node"
)

func execCommand(s *settings) *cobra.Command {
	return &cobra.Command{
		Use:   "exec -- COMMAND [ARGUMENT...]",
		Short: "Run a command inside the cluster's network, with kubectl and KUBECONFIG at hand",
		Long: `Run a command inside the cluster's network namespace, where the apiserver, Pods,
Services and node ports can be reached. The command replaces this process: the
folder, the standard streams and the environment are the caller's, signals and
the exit status are the command's own. The environment also gets

  KUBECONFIG           of the cluster's administrator
  PATH                 with kubectl before everything else
  CLUSTER_NAME         which is the node's name too
  CLUSTER_ADDRESS      the node's address, for node ports
  CLUSTER_COMMAND      this program, for its other commands`,
		Example: "  cluster exec -- go test ./test/e2e/...",
		Args: func(_ *cobra.Command, command []string) error {
			if len(command) == 0 {
				return errors.New("say what to run: exec -- COMMAND")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, command []string) error {
			n, err := s.node()
			if err != nil {
				return err
			}
			return enter(n, command)
		},
	}
}

func enter(n node.Node, command []string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	for name, value := range map[string]string{
		"KUBECONFIG":      n.Kubeconfig(),
		"PATH":            n.Programs() + ":" + os.Getenv("PATH"),
		"CLUSTER_NAME":    n.Name,
		"CLUSTER_ADDRESS": node.Address,
		"CLUSTER_COMMAND": self,
	} {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	path, err := exec.LookPath(command[0])
	if err != nil {
		return fmt.Errorf("run %s: %w", strings.Join(command, " "), err)
	}
	err = n.Enter(path, command, os.Environ())
	if errors.Is(err, node.ErrDown) {
		return fmt.Errorf("the cluster %s is not up; bring it up first", n.Name)
	}
	return err
}
