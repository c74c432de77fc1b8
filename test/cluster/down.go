package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"
)

func downCommand(s *settings) *cobra.Command {
	return &cobra.Command{
		Use:   "down",
		Short: "Take the cluster down and remove everything of it",
		Long: `Take the cluster down and remove everything of it, also what a crash or a reboot
left. What was built stays in the cache. It is no error if there is nothing.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			n, err := s.node()
			if err != nil {
				return err
			}
			begun := time.Now()
			if err := n.Down(cmd.Context(), teller(cmd.ErrOrStderr())); err != nil {
				return err
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "the cluster %s is down after %.1f s\n", n.Name, time.Since(begun).Seconds())
			return nil
		},
	}
}
