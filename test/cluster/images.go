package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"lectern/test/cluster/build"
	"lectern/test/cluster/node"
)

func imagesCommand(s *settings) *cobra.Command {
	return &cobra.Command{
		Use:   "images",
		Short: "Build Lectern's images from its Dockerfiles and give them to the cluster, where they changed",
		Args:  cobra.NoArgs,
		RunE:  s.onNode(images),
	}
}

func images(ctx context.Context, n node.Node, cache build.Cache, out io.Writer) error {
	if err := cache.NeedPackages(ctx); err != nil {
		return err
	}
	built, err := cache.Images(ctx)
	if err != nil {
		return err
	}
	if _, err := n.PID(); errors.Is(err, node.ErrDown) {
		fmt.Fprintf(out, "the images are built; the cluster %s is not up to get them\n", n.Name)
		return nil
	}
	for _, image := range built {
		imported, err := n.Import(ctx, image.Tag, image.Archive, image.Key)
		if err != nil {
			return err
		}
		what := "has"
		if imported {
			what = "now has"
		}
		fmt.Fprintf(out, "the cluster %s %s\n", what, image.Tag)
	}
	return nil
}
