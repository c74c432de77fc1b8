package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
)

// Import gives an image from an archive to the node's container runtime, and
// does nothing if it has the one with this key already.
func (n Node) Import(ctx context.Context, tag, archive, key string) (imported bool, err error) {
	noted := filepath.Join(n.Dir(), "images", strings.ReplaceAll(path.Base(tag), ":", "-"))
	if had, err := os.ReadFile(noted); err == nil && string(had) == key {
		return false, nil
	}
	cmd := exec.CommandContext(ctx, "ctr", "--address", n.Containerd(), "--namespace", "k8s.io", "images", "import", archive)
	if output, err := cmd.CombinedOutput(); err != nil {
		if ctx.Err() != nil {
			return false, errors.New("interrupted")
		}
		return false, fmt.Errorf("import the image %s: %w: %s", tag, err, bytes.TrimSpace(output))
	}
	if err := os.MkdirAll(filepath.Dir(noted), 0o755); err != nil {
		return true, err
	}
	return true, os.WriteFile(noted, []byte(key), 0o644)
}
