package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"

	"lectern/sandbox"
)

// How sandboxes are found.

// Find returns the learner's live sandbox, or ok false.
func (b *Backend) Find(ctx context.Context, login string) (sandbox.Sandbox, bool, error) {
	name := sandbox.Name(login)
	if !b.alive(name) {
		return nil, false, nil
	}
	j, err := b.open(name)
	if errors.Is(err, os.ErrNotExist) { // it has not got so far, or just ended
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	info, err := j.Info(ctx)
	switch {
	case err == nil || info.Silent:
		return j, true, nil
	case errors.Is(err, sandbox.ErrGone): // it is about to end
		return nil, false, nil
	}
	return nil, false, err
}

// List tells of all live sandboxes, oldest first.
func (b *Backend) List(ctx context.Context) ([]sandbox.Info, error) {
	names, err := b.names()
	if err != nil {
		return nil, err
	}
	answers := make([]*sandbox.Info, len(names))
	var asking sync.WaitGroup
	for i, name := range names {
		j, err := b.open(name)
		if err != nil {
			continue
		}
		asking.Go(func() {
			// One that is on its way out takes a place until it is gone.
			if info, err := j.Info(ctx); err == nil || info.Silent || j.alive() {
				answers[i] = &info
			}
		})
	}
	asking.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var infos []sandbox.Info
	for _, info := range answers {
		if info != nil {
			infos = append(infos, *info)
		}
	}
	slices.SortFunc(infos, func(a, b sandbox.Info) int { return a.Started.Compare(b.Started) })
	return infos, nil
}

// names lists the sandboxes of which something is alive.
func (b *Backend) names() ([]string, error) {
	entries, err := os.ReadDir(b.path())
	if err != nil {
		return nil, fmt.Errorf("look for sandboxes: %w", err)
	}
	var names []string
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), ".lock")
		if ok && b.alive(name) {
			names = append(names, name)
		}
	}
	return names, nil
}
