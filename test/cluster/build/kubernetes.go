package build

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// kubernetesDir is the module of the Kubernetes program in the work tree.
const kubernetesDir = "test/cluster/kubernetes"

// parts are the names by which the Kubernetes program is called.
var parts = []string{
	"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler",
	"kubelet", "kube-proxy", "kube-router", "kubectl",
}

// Kubernetes returns the folder with the program and its names, which it
// builds if there is none for these sources and this Go.
func (c Cache) Kubernetes(ctx context.Context) (string, error) {
	version, err := c.goTells(ctx, "list", "-m", "-f", "{{.Version}}", "k8s.io/kubernetes")
	if err != nil {
		return "", err
	}
	toolchain, err := c.goTells(ctx, "env", "GOVERSION", "GOARCH")
	if err != nil {
		return "", err
	}
	arguments := []string{
		"build", "-trimpath", "-buildvcs=false",
		// Without it every part calls itself v0.0.0, and kubectl complains.
		"-ldflags", "-s -w -X k8s.io/component-base/version.gitVersion=" + version,
	}
	key, err := keyOf(append([]string{toolchain}, arguments...), c.Source, kubernetesDir)
	if err != nil {
		return "", err
	}
	return c.entry(ctx, kind{"kubernetes", keepLong}, key, func(ctx context.Context, dir string) error {
		fmt.Fprintf(c.Log, "building Kubernetes %s; the first time takes about 10 minutes on 2 cores\n", version)
		started := time.Now()
		program := filepath.Join(dir, "kubernetes")
		if err := run(ctx, c.goCommand(ctx, append(arguments, "-o", program, ".")...)); err != nil {
			return fmt.Errorf("build Kubernetes: %w", err)
		}
		for _, part := range parts {
			if err := os.Symlink("kubernetes", filepath.Join(dir, part)); err != nil {
				return err
			}
		}
		fmt.Fprintf(c.Log, "built Kubernetes in %s\n", time.Since(started).Round(time.Second))
		return nil
	})
}

func (c Cache) goTells(ctx context.Context, arguments ...string) (string, error) {
	cmd := c.goCommand(ctx, arguments...)
	trouble := &strings.Builder{}
	cmd.Stderr = trouble
	answer, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go %s: %w\n%s", strings.Join(arguments, " "), err, lastLines(trouble.String()))
	}
	return strings.TrimSpace(string(answer)), nil
}

// goCommand is the go command in the Kubernetes module.
func (c Cache) goCommand(ctx context.Context, arguments ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", arguments...)
	cmd.Dir = filepath.Join(c.Source, kubernetesDir)
	// Static, so that it needs no compiler for C and runs whatever /usr holds.
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=-mod=readonly")
	return cmd
}
