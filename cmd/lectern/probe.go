package main

import (
	"github.com/spf13/cobra"

	"lectern/sandbox/probe"
)

// probeCommand is what lectern doctor runs inside its probes.
func probeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:    "probe",
		Short:  "Try what a sandbox can reach (runs inside the doctor's probes)",
		Hidden: true,
	}
	var address string
	listen := &cobra.Command{
		Use: "listen", Short: "Be there to be reached", Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return probe.Listen(cmd.Context(), address) },
	}
	listen.Flags().StringVar(&address, "address", "", "where to listen, as host:port or :port")
	_ = listen.MarkFlagRequired("address")
	try := &cobra.Command{
		Use: "try", Short: "Answer a question about addresses on standard input", Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return probe.Serve(cmd.Context(), cmd.InOrStdin(), cmd.OutOrStdout())
		},
	}
	ask := &cobra.Command{
		Use: "ask", Short: "Put a question on standard input to the API proxy", Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return probe.ServeAsking(cmd.Context(), cmd.InOrStdin(), cmd.OutOrStdout())
		},
	}
	cmd.AddCommand(listen, try, ask)
	return cmd
}
