// Package browser is for tests that look at the page as somebody does who has it
// open: in Debian's Chromium, by what is seen and with the keys that are pressed.
package browser

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/chromedp/chromedp"
)

// Chromium is a browser that runs, without a window.
type Chromium struct{ ctx context.Context }

// NoGraphics has the terminal draw by elements, which a test can read.
var NoGraphics = chromedp.Flag("disable-3d-apis", true)

// Detour has the browser reach a host by another address, and find no other.
func Detour(host, address string) chromedp.ExecAllocatorOption {
	return resolver("MAP "+host+" "+address, "MAP * ~NOTFOUND")
}

func resolver(rules ...string) chromedp.ExecAllocatorOption {
	return chromedp.Flag("host-resolver-rules", strings.Join(rules, ", "))
}

// Start starts a browser that finds no host but the given ones.
func Start(hosts []string, flags ...chromedp.ExecAllocatorOption) (*Chromium, error) {
	rules := []string{"MAP * ~NOTFOUND"}
	for _, host := range hosts {
		rules = append(rules, "EXCLUDE "+host)
	}
	alloc, _ := chromedp.NewExecAllocator(context.Background(), append([]chromedp.ExecAllocatorOption{
		chromedp.ExecPath("/usr/bin/chromium"),
		chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck,
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("force-color-profile", "srgb"),
		resolver(rules...),
	}, flags...)...)
	ctx, cancel := chromedp.NewContext(alloc)
	if err := chromedp.Do(ctx); err != nil {
		cancel()
		return nil, fmt.Errorf("start chromium, which is Debian's package of that name: %w", err)
	}
	return &Chromium{ctx}, nil
}

// Close ends the browser, and with it all tabs.
func (c *Chromium) Close() error {
	if err := chromedp.Cancel(c.ctx); err != nil {
		return fmt.Errorf("close chromium: %w", err)
	}
	return nil
}

// Shared is one browser for all tests of a package, each of which has a tab and
// cookies of its own. It is started by who wants it first.
type Shared struct {
	Hosts []string

	once     sync.Once
	chromium *Chromium
	err      error
}

// Get gives the browser.
func (s *Shared) Get() (*Chromium, error) {
	s.once.Do(func() { s.chromium, s.err = Start(s.Hosts, NoGraphics) })
	return s.chromium, s.err
}

// Close ends the browser, where anybody wanted it.
func (s *Shared) Close() error {
	if s.chromium == nil {
		return nil
	}
	return s.chromium.Close()
}
