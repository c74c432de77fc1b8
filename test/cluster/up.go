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
		RunE:  s.onNode(up),
	}
}

func up(ctx context.Context, n node.Node, cache build.Cache, out io.Writer) error {
	begun := time.Now()
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
	err = n.Up(ctx, node.Start{
		Programs: programs,
		Self:     []string{self, "node", "--name", n.Name, "--programs", programs},
		Tell:     teller(out),
	})
	already := errors.Is(err, node.ErrUp)
	if err != nil && !already {
		return err
	}
	// Also where it is up already: the one who brought it up may have been
	// killed before this.
	if _, err := n.Import(ctx, pause.Tag, pause.Archive, pause.Key); err != nil {
		if !already {
			err = errors.Join(err, n.Down(context.WithoutCancel(ctx), teller(out)))
		}
		return err
	}
	if already {
		return allRun(ctx, n, out)
	}
	fmt.Fprintf(out, "the cluster %s is up after %.1f s; logs are in %s\n", n.Name, time.Since(begun).Seconds(), n.Logs())
	return nil
}

// allRun tells that the cluster is up already, if none of it has ended.
func allRun(ctx context.Context, n node.Node, out io.Writer) error {
	components, err := n.Components(ctx)
	if err != nil {
		return err
	}
	for _, c := range components {
		if !c.Running {
			return fmt.Errorf("the cluster %s is up but %s has ended (%s); take it down first", n.Name, c.Name, c.Ended)
		}
	}
	fmt.Fprintf(out, "the cluster %s is up already\n", n.Name)
	return nil
}

func teller(out io.Writer) func(line string) {
	return func(line string) { fmt.Fprintln(out, line) }
}
