package browser

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	logdomain "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience is with what a test waits for what must come.
const patience = 20 * time.Second

// Tab is a page as somebody has it open.
type Tab struct {
	t        *testing.T
	ctx      context.Context
	url      *url.URL
	pictures string // the folder of them

	mu       sync.Mutex
	provoked []*regexp.Regexp
	faults   []string
}

// Device is what a page is looked at with.
type Device struct {
	Width, Height int64
	Phone         bool
	Scheme        string // of the system's colours: light or dark
	Still         bool   // whether the system asks for less motion
}

// The devices that people have, by day.
var (
	Desktop = Device{Width: 1280, Height: 800, Scheme: "light"}
	Phone   = Device{Width: 390, Height: 844, Phone: true, Scheme: "light"}
)

// Dark is the device by night.
func (d Device) Dark() Device { d.Scheme = "dark"; return d }

// Open opens an address. Whatever goes wrong in the page fails the test: errors
// in the console, breaches of the policy, requests to other hosts.
func (c *Chromium) Open(t *testing.T, d Device, address string) *Tab {
	t.Helper()
	b := &Tab{t: t, pictures: picturesOf(t)}
	var err error
	if b.url, err = url.Parse(address); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := chromedp.NewContext(c.ctx, chromedp.WithNewBrowserContext(), chromedp.WithListener(b.hear))
	b.ctx = ctx
	t.Cleanup(func() {
		if t.Failed() {
			b.Picture("failed")
			t.Logf("the terminal showed:\n%s", b.Screen())
		}
		cancel()
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, fault := range b.faults {
			if !slices.ContainsFunc(b.provoked, func(p *regexp.Regexp) bool { return p.MatchString(fault) }) {
				t.Error(fault)
			}
		}
	})

	b.call(func() error { return chromedp.Do(ctx) }, "open a tab") // which lives as long as this context
	b.BeforeEach(`addEventListener('securitypolicyviolation', (e) => console.error('policy:', e.violatedDirective, e.blockedURI, e.sourceFile, e.lineNumber));`)
	options := []chromedp.EmulateViewportOption{}
	if d.Phone {
		options = append(options, chromedp.EmulateMobile, chromedp.EmulateTouch, chromedp.EmulatePortrait, chromedp.EmulateScale(2))
	}
	b.Do(chromedp.EmulateViewport(d.Width, d.Height, options...), "take the device")
	b.Wear(d)
	b.Do(chromedp.Navigate(address), "open the page")
	return b
}

// picturesVariable names a folder in which the pictures of all tests are kept.
// Without it they are where go test -artifacts has them.
const picturesVariable = "LECTERN_TEST_PICTURES"

func picturesOf(t *testing.T) string {
	t.Helper()
	kept := os.Getenv(picturesVariable)
	if kept == "" {
		return t.ArtifactDir()
	}
	dir := filepath.Join(kept, strings.ReplaceAll(t.Name(), "/", "-"))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Goto opens another address in the tab.
func (b *Tab) Goto(address string) {
	b.t.Helper()
	b.Do(chromedp.Navigate(address), "open "+address)
}

// BeforeEach runs a script before those of each page that is opened from now on.
func (b *Tab) BeforeEach(script string) {
	b.t.Helper()
	b.call(func() error {
		_, err := chromedp.Call(b.ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script})
		return err
	}, "have a script run")
}

// Wear makes the system's wishes those of the device.
func (b *Tab) Wear(d Device) {
	b.t.Helper()
	motion := "no-preference"
	if d.Still {
		motion = "reduce"
	}
	b.call(func() error {
		_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: d.Scheme}, {Name: "prefers-reduced-motion", Value: motion},
		}})
		return err
	}, "set the colours")
}

// Provoke tells that a test brings about what the browser will say, as when it
// has an answer refused: that is no fault of the page.
func (b *Tab) Provoke(pattern string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.provoked = append(b.provoked, regexp.MustCompile(pattern))
}

func (b *Tab) hear(event any) {
	fault := ""
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if u, err := url.Parse(e.Request.URL); err != nil || u.Scheme != "data" && u.Host != b.url.Host {
			fault = "the page asked another host: " + e.Request.URL
		}
	case *runtime.EventExceptionThrown:
		fault = "the page threw: " + e.ExceptionDetails.Text + " " + description(e.ExceptionDetails.Exception)
	case *runtime.EventConsoleAPICalled:
		if e.Type == "error" || e.Type == "assert" || e.Type == "warning" {
			fault = fmt.Sprintf("the page said %s:", e.Type)
			for _, a := range e.Args {
				fault += " " + description(a)
			}
		}
	case *logdomain.EventEntryAdded:
		if e.Entry.Level == "error" || e.Entry.Source == "security" {
			fault = fmt.Sprintf("the browser said: %s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL)
		}
	}
	if fault != "" {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.faults = append(b.faults, fault)
	}
}

func description(o *runtime.RemoteObject) string {
	if o == nil {
		return ""
	}
	return strings.TrimSpace(string(o.Value) + " " + o.Description)
}
