package main

import (
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"lectern/cmd/lectern/config"
)

// settings are those of the gateway, for a command that works on its data.
type settings struct {
	flags *pflag.FlagSet
	file  string
}

// settingsOf gives a command the flags that lectern serve has, so that it finds
// the same data by the same words. Only those that tell it where are shown.
func settingsOf(cmd *cobra.Command) *settings {
	s := &settings{flags: cmd.Flags()}
	config.RegisterFlags(s.flags)
	s.flags.VisitAll(func(f *pflag.Flag) { f.Hidden = f.Name != "data_dir" })
	s.flags.StringVar(&s.file, "config", "", "YAML file with settings")
	return s
}

func (s *settings) load() (config.Config, error) {
	return config.Load(config.LoadOptions{File: s.file, Environ: os.Environ(), Allow: []string{"LECTERN_TEST_*"}, Flags: s.flags})
}
