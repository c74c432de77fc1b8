package build

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"
)

const (
	debianSuite = "bookworm"
	// debianImage is what the project's Dockerfile starts from, under its full
	// name, so that it is found here and not looked for at a registry.
	debianImage = "docker.io/library/debian:" + debianSuite + "-slim"
)

// slimDown is what is left out of the base, as the official slim images do.
var slimDown = []string{
	"usr/share/doc", "usr/share/man", "usr/share/info", "usr/share/locale",
	"var/cache/apt", "var/lib/apt/lists",
}

const baseDockerfile = `FROM scratch
ADD base.tar /
CMD ["bash"]
`

// store returns the image store that has the Debian base in it, which is made
// from Debian's packages if there is none.
func (c Cache) store(ctx context.Context) (imageStore, error) {
	key, err := keyOf(append(slimDown, debianSuite, runtime.GOARCH, baseDockerfile), c.Source)
	if err != nil {
		return imageStore{}, err
	}
	path, err := c.entry(ctx, kind{"debian", keepLong}, key, func(ctx context.Context, dir string) error {
		fmt.Fprintf(c.Log, "making a Debian %s base; this takes 1 to 4 minutes, once\n", debianSuite)
		started := time.Now()
		if err := makeBase(ctx, dir); err != nil {
			return err
		}
		fmt.Fprintf(c.Log, "made the Debian base in %s\n", time.Since(started).Round(time.Second))
		return nil
	})
	return imageStore{path}, err
}

func makeBase(ctx context.Context, dir string) error {
	work := filepath.Join(dir, "work")
	root := filepath.Join(work, "root")
	if err := os.MkdirAll(root, 0o755); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }() // a failed entry is removed as a whole
	if err := run(ctx, exec.CommandContext(ctx, "debootstrap", "--variant=minbase", debianSuite, root)); err != nil {
		return fmt.Errorf("make the Debian base: %w", err)
	}
	for _, path := range slimDown {
		if err := os.RemoveAll(filepath.Join(root, path)); err != nil {
			return err
		}
	}
	if err := run(ctx, exec.CommandContext(ctx, "tar", "--numeric-owner", "-C", root, "-cf", filepath.Join(work, "base.tar"), ".")); err != nil {
		return fmt.Errorf("pack the Debian base: %w", err)
	}
	if err := os.RemoveAll(root); err != nil {
		return err
	}
	dockerfile := filepath.Join(work, "Dockerfile")
	if err := os.WriteFile(dockerfile, []byte(baseDockerfile), 0o644); err != nil {
		return err
	}
	return imageStore{dir}.build(ctx, debianImage, dockerfile, work)
}
