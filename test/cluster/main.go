// Command cluster brings up a real Kubernetes of one node on this machine, for
// the tests that need one, and takes it down again without a trace. It needs
// Linux, root and Go; everything else comes from Debian packages and Go
// modules.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"lectern/test/cluster/build"
	"lectern/test/cluster/node"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err := root().ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "cluster:", err)
		os.Exit(1)
	}
}

// settings are the flags that all commands have.
type settings struct{ name, cache, source string }

func root() *cobra.Command {
	var s settings
	cmd := &cobra.Command{
		Use:           "cluster",
		Short:         "A real one-node Kubernetes for tests",
		SilenceUsage:  true,
		SilenceErrors: true,
		PersistentPreRunE: func(*cobra.Command, []string) error {
			if os.Geteuid() != 0 {
				return errors.New("namespaces, mounts and control groups can be made by root only; use sudo")
			}
			return nil
		},
	}
	cmd.CompletionOptions.HiddenDefaultCmd = true
	flags := cmd.PersistentFlags()
	flags.StringVar(&s.name, "name", "lectern", "name of the cluster and its node; clusters of different names can run at once")
	flags.StringVar(&s.cache, "cache", "", "folder to keep what was built in (default: lectern-cluster in the user's cache folder)")
	flags.StringVar(&s.source, "source", ".", "top folder of Lectern's source")
	cmd.AddCommand(upCommand(&s), downCommand(&s), imagesCommand(&s), execCommand(&s), statusCommand(&s),
		stopCommand(&s), startCommand(&s), restartCommand(&s), nodeCommand(&s))
	return cmd
}

func (s *settings) node() (node.Node, error) { return node.New(s.name) }

func (s *settings) buildCache() (build.Cache, error) {
	dir := s.cache
	if dir == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return build.Cache{}, fmt.Errorf("find the cache folder: %w (or use --cache)", err)
		}
		dir = filepath.Join(user, "lectern-cluster")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return build.Cache{}, err
	}
	source, err := filepath.Abs(s.source)
	if err != nil {
		return build.Cache{}, err
	}
	if _, err := os.Stat(filepath.Join(source, "test/cluster/kubernetes/go.mod")); err != nil {
		return build.Cache{}, fmt.Errorf("%s is not the top folder of Lectern's source: change to it or use --source", source)
	}
	return build.Cache{Dir: dir, Source: source, Log: os.Stderr}, nil
}

// onNode runs a command that builds something for the node.
func (s *settings) onNode(run func(context.Context, node.Node, build.Cache, io.Writer) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, _ []string) error {
		n, err := s.node()
		if err != nil {
			return err
		}
		cache, err := s.buildCache()
		if err != nil {
			return err
		}
		return run(cmd.Context(), n, cache, cmd.ErrOrStderr())
	}
}
