package page_test

import (
	"fmt"
	"os"
	"testing"

	"lectern/internal/lecterntest/browser"
)

// chromium is one browser for all tests.
var chromium = browser.Shared{Hosts: []string{"127.0.0.1"}}

func TestMain(m *testing.M) {
	status := m.Run()
	if err := chromium.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = 1
	}
	os.Exit(status)
}

// open opens the page at a fragment.
func (l *lab) open(t *testing.T, d browser.Device, fragment string) *browser.Tab {
	t.Helper()
	c, err := chromium.Get()
	if err != nil {
		t.Fatal(err)
	}
	return l.openIn(t, c, d, fragment)
}

func (l *lab) openIn(t *testing.T, c *browser.Chromium, d browser.Device, fragment string) *browser.Tab {
	t.Helper()
	b := c.Open(t, d, l.URL+"/"+fragment)
	// What is said when a test has an answer refused or the graphics taken away.
	b.Provoke(`status of (401|404|503)|webgl context not restored`)
	return b
}
