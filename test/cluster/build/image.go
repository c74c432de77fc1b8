package build

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Image is a container image in an archive, which a container runtime reads.
type Image struct {
	Tag     string
	Archive string
	// Key tells its content from that of other builds.
	Key string
}

// recipe is how an image is made. Paths are relative to the context.
type recipe struct {
	name       string
	tag        string
	context    string
	dockerfile string
	inputs     []string
}

// Images builds the images that Lectern consists of from the Dockerfiles that
// everybody builds them from. bin/lectern must have been built.
func (c Cache) Images(ctx context.Context) ([]Image, error) {
	inputs, err := contextInputs(filepath.Join(c.Source, ".dockerignore"))
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(c.Source, "bin/lectern")); err != nil {
		return nil, fmt.Errorf("bin/lectern is not there: run make build first")
	}
	var images []Image
	for _, r := range []recipe{
		{name: "lectern", tag: "docker.io/library/lectern:latest", dockerfile: "Dockerfile"},
		{name: "sandbox", tag: "docker.io/library/lectern-sandbox:latest", dockerfile: "sandbox/image/Dockerfile"},
	} {
		r.context, r.inputs = c.Source, append(inputs, r.dockerfile)
		image, err := c.image(ctx, r)
		if err != nil {
			return nil, err
		}
		images = append(images, image)
	}
	return images, nil
}

// Pause builds the image that every Pod needs, under the given name.
func (c Cache) Pause(ctx context.Context, tag string) (Image, error) {
	work, err := os.MkdirTemp("", "lectern-pause-")
	if err != nil {
		return Image{}, err
	}
	defer func() { _ = os.RemoveAll(work) }()
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w",
		"-o", filepath.Join(work, "pause"), "./test/cluster/pause")
	cmd.Dir, cmd.Env = c.Source, append(os.Environ(), "CGO_ENABLED=0")
	if err := run(ctx, cmd); err != nil {
		return Image{}, fmt.Errorf("build the pause program: %w", err)
	}
	dockerfile, err := os.ReadFile(filepath.Join(c.Source, "test/cluster/pause/Dockerfile"))
	if err != nil {
		return Image{}, err
	}
	if err := os.WriteFile(filepath.Join(work, "Dockerfile"), dockerfile, 0o644); err != nil {
		return Image{}, err
	}
	return c.image(ctx, recipe{
		name: "pause", tag: tag, context: work, dockerfile: "Dockerfile", inputs: []string{"Dockerfile", "pause"},
	})
}

func (c Cache) image(ctx context.Context, r recipe) (Image, error) {
	store, err := c.store(ctx)
	if err != nil {
		return Image{}, err
	}
	key, err := keyOf([]string{r.tag, filepath.Base(store.dir)}, r.context, r.inputs...)
	if err != nil {
		return Image{}, err
	}
	path, err := c.entry(ctx, kind{"image-" + r.name, keepImages}, key, func(ctx context.Context, dir string) error {
		started := time.Now()
		if err := store.build(ctx, r.tag, filepath.Join(r.context, r.dockerfile), r.context); err != nil {
			return fmt.Errorf("build the image %s: %w", r.tag, err)
		}
		if err := store.export(ctx, r.tag, filepath.Join(dir, "image.tar")); err != nil {
			return fmt.Errorf("write the image %s: %w", r.tag, err)
		}
		fmt.Fprintf(c.Log, "built %s in %s\n", r.tag, time.Since(started).Round(100*time.Millisecond))
		return nil
	})
	return Image{Tag: r.tag, Archive: filepath.Join(path, "image.tar"), Key: key}, err
}

// contextInputs are the paths that .dockerignore lets into a build, which
// ignores everything and then names exceptions, one path a line.
func contextInputs(path string) ([]string, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	var inputs []string
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if input, found := strings.CutPrefix(lines.Text(), "!"); found {
			inputs = append(inputs, input)
		}
	}
	return inputs, lines.Err()
}

// imageStore is a store of buildah's, apart from the one that the machine may
// have.
type imageStore struct{ dir string }

func (s imageStore) build(ctx context.Context, tag, dockerfile, buildContext string) error {
	return s.buildah(ctx, "bud", "--isolation", "chroot", "--pull-never", "--layers=false",
		"--tag", tag, "--file", dockerfile, buildContext)
}

func (s imageStore) export(ctx context.Context, tag, archive string) error {
	if err := s.buildah(ctx, "push", tag, "docker-archive:"+archive+":"+tag); err != nil {
		return err
	}
	return s.buildah(ctx, "rmi", "--prune") // what the tag named before
}

func (s imageStore) buildah(ctx context.Context, arguments ...string) error {
	running, err := os.MkdirTemp("", "lectern-buildah-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(running) }()
	// It has no need of a network, but would prepare one in /etc.
	settings := filepath.Join(running, "containers.conf")
	text := fmt.Appendf(nil, "[network]\nnetwork_config_dir = %q\n", filepath.Join(running, "network"))
	if err := os.WriteFile(settings, text, 0o644); err != nil {
		return err
	}
	global := []string{"--root", filepath.Join(s.dir, "store"), "--runroot", running, "--storage-driver", "overlay"}
	cmd := exec.CommandContext(ctx, "buildah", append(global, arguments...)...)
	cmd.Env = append(os.Environ(), "CONTAINERS_CONF="+settings)
	return run(ctx, cmd)
}
