package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"lectern/test/cluster/node"
)

func statusCommand(s *settings) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Show what is running; the exit status is 1 unless everything is",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			n, err := s.node()
			if err != nil {
				return err
			}
			list, err := n.Components(cmd.Context())
			if errors.Is(err, node.ErrDown) {
				return fmt.Errorf("the cluster %s is not up", n.Name)
			}
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "cluster %s, node address %s, kubeconfig %s\n", n.Name, node.Address, n.Kubeconfig())
			table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			for _, c := range list {
				state := "running for " + time.Since(c.Since).Round(time.Second).String()
				if !c.Running {
					state, err = "ended, "+c.Ended, fmt.Errorf("%s is not running; its log is %s", c.Name, n.Log(c.Name))
				}
				fmt.Fprintf(table, "%s\t%s\n", c.Name, state)
			}
			return errors.Join(err, table.Flush())
		},
	}
}

func stopCommand(s *settings) *cobra.Command {
	return componentCommand(s, "stop", "Kill a component as a crash would", node.Node.Stop)
}

func startCommand(s *settings) *cobra.Command {
	return componentCommand(s, "start", "Start a component that has ended, with the same flags, and wait until it is ready", node.Node.Start)
}

func restartCommand(s *settings) *cobra.Command {
	return componentCommand(s, "restart", "Kill a component as a crash would, start it again and wait until it is ready",
		func(n node.Node, ctx context.Context, component string) error {
			if err := n.Stop(ctx, component); err != nil {
				return err
			}
			return n.Start(ctx, component)
		})
}

func componentCommand(s *settings, verb, short string, act func(node.Node, context.Context, string) error) *cobra.Command {
	return &cobra.Command{
		Use:   verb + " COMPONENT",
		Short: short,
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := s.node()
			if err != nil {
				return err
			}
			begun := time.Now()
			if err := act(n, cmd.Context(), args[0]); err != nil {
				return fmt.Errorf("%s %s: %w", verb, args[0], err)
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "%s %s: done after %.1f s\n", verb, args[0], time.Since(begun).Seconds())
			return nil
		},
	}
}

// nodeCommand is the life of the node's first process, which up starts in
// namespaces of its own.
func nodeCommand(s *settings) *cobra.Command {
	var programs string
	cmd := &cobra.Command{
		Use:    "node",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			n, err := s.node()
			if err != nil {
				return err
			}
			return n.Run(cmd.Context(), programs)
		},
	}
	cmd.Flags().StringVar(&programs, "programs", "", "folder with the Kubernetes program under all its names")
	return cmd
}
