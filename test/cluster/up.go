package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"lectern/test/cluster/build"
	"lectern/test/cluster/node"
)

func upCommand(s *settings) *cobra.Command {
	return &cobra.Command{
		Use:   "up",
		Short: "Bring the cluster up, building first what is missing, and wait until it is ready",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			n, err := s.node()
			if err != nil {
				return err
			}
			cache, err := s.buildCache()
			if err != nil {
				return err
			}
			return up(cmd.Context(), n, cache, cmd.ErrOrStderr())
		},
	}
}

func up(ctx context.Context, n node.Node, cache build.Cache, out io.Writer) error {
	begun := time.Now()
	if _, err := n.PID(); err == nil {
		fmt.Fprintf(out, "the cluster %s is up already\n", n.Name)
		return nil
	}
	if err := cache.NeedPackages(ctx); err != nil {
		return err
	}
	var programs string
	var pause build.Image
	building, buildingCtx := errgroup.WithContext(ctx)
	building.Go(func() (err error) {
		programs, err = cache.Kubernetes(buildingCtx)
		return err
	})
	building.Go(func() (err error) {
		pause, err = cache.Pause(buildingCtx, node.PauseImage)
		return err
	})
	if err := building.Wait(); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "bringing the cluster %s up\n", n.Name)
	err = n.Up(ctx, node.Start{
		Programs: programs,
		Self:     []string{self, "node", "--name", n.Name, "--programs", programs},
		Ready: func(component string, took time.Duration) {
			fmt.Fprintf(out, "  %-24s ready after %4.1f s\n", component, took.Seconds())
		},
	})
	if errors.Is(err, node.ErrUp) {
		fmt.Fprintf(out, "the cluster %s is up already\n", n.Name)
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := n.Import(ctx, pause.Tag, pause.Archive, pause.Key); err != nil {
		return errors.Join(err, n.Down())
	}
	fmt.Fprintf(out, "the cluster is up after %.1f s; logs are in %s\n", time.Since(begun).Seconds(), n.Logs())
	return nil
}
