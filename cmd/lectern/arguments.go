package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

// noArguments refuses any.
var noArguments = arguments(0, 0)

// many is for arguments when there may be any number.
const many = int(^uint(0) >> 1)

// arguments refuses fewer than least and more than most, in a sentence that says
// what to do, which those of cobra's own do not.
func arguments(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return fmt.Errorf("%s needs to be told more: write %s %s", cmd.CommandPath(), cmd.Parent().CommandPath(), cmd.Use)
		case len(args) <= most:
			return nil
		case most == 0:
			return fmt.Errorf("%s takes no argument: leave %q out", cmd.CommandPath(), args[0])
		}
		return fmt.Errorf("%s takes no more than %q: leave %q out, or quote what belongs together", cmd.CommandPath(), args[:most], args[most])
	}
}

// family gives a command others below it, and refuses what is none of them: cobra
// would print its help and call that a success.
func family(cmd *cobra.Command, below ...*cobra.Command) *cobra.Command {
	cmd.AddCommand(below...)
	cmd.DisableFlagsInUseLine = true
	cmd.SuggestionsMinimumDistance = 2 // letters that are wrong, as cobra has it by default
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return cmd.Help()
		}
		meant := ""
		if close := cmd.SuggestionsFor(args[0]); len(close) > 0 {
			meant = fmt.Sprintf("did you mean %s? ", close[0])
		}
		return fmt.Errorf("%s %s is no command: %s%s --help lists those that are", cmd.CommandPath(), args[0], meant, cmd.CommandPath())
	}
	return cmd
}
