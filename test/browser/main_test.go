// Package browser_test walks journeys of learners through the page of the real
// program: in a real Chromium, with the real OpenSSH client beside it.
package browser_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"lectern/internal/lecterntest"
	"lectern/internal/lecterntest/browser"
)

// binary is the lectern program, built with the race detector.
var binary string

// chromium is one browser for all tests. The page is reached by the address; the
// name is another site to it.
var chromium = browser.Shared{Hosts: []string{"127.0.0.1", "localhost"}}

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "lectern-browser-")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if _, err := lecterntest.Build(dir, true); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	binary = filepath.Join(dir, "lectern")
	status := m.Run()
	if err := chromium.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = 1
	}
	return status
}
