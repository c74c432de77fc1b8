package page_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	logdomain "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	cdpage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// chromium is one browser for all tests, each of which has a tab and cookies of
// its own. It has no graphics, so that the terminal draws by elements, which a
// test can read.
var chromium struct {
	once sync.Once
	ctx  context.Context
	err  error
}

// startChromium starts a browser that finds no host but this one.
func startChromium(flags ...chromedp.ExecAllocatorOption) (context.Context, error) {
	alloc, _ := chromedp.NewExecAllocator(context.Background(), append([]chromedp.ExecAllocatorOption{
		chromedp.ExecPath("/usr/bin/chromium"),
		chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck,
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("force-color-profile", "srgb"),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
	}, flags...)...)
	ctx, cancel := chromedp.NewContext(alloc)
	if err := chromedp.Do(ctx); err != nil {
		cancel()
		return nil, fmt.Errorf("start chromium, which is Debian's package of that name: %w", err)
	}
	return ctx, nil
}

func TestMain(m *testing.M) {
	status := m.Run()
	if chromium.ctx != nil {
		if err := chromedp.Cancel(chromium.ctx); err != nil {
			fmt.Fprintln(os.Stderr, "close chromium:", err)
			status = 1
		}
	}
	os.Exit(status)
}

// tab is the page as somebody has it open.
type tab struct {
	t   *testing.T
	ctx context.Context
	url *url.URL

	pictures string // the folder of them

	mu     sync.Mutex
	faults []string
}

// provoked is what is said when a test has an answer refused or the graphics
// taken away.
var provoked = regexp.MustCompile(`status of (401|404|503)|webgl context not restored`)

// device is what the page is looked at with.
type device struct {
	width, height int64
	phone         bool
	scheme        string // of the system's colours
	still         bool   // whether the system asks for less motion
}

var (
	desktop = device{width: 1280, height: 800, scheme: "light"}
	phone   = device{width: 390, height: 844, phone: true, scheme: "light"}
)

func (d device) dark() device { d.scheme = "dark"; return d }

// open opens the page at a fragment. Whatever goes wrong in it fails the test:
// errors in the console, breaches of the policy, requests to other hosts.
func (l *lab) open(t *testing.T, d device, fragment string) *tab {
	t.Helper()
	chromium.once.Do(func() { chromium.ctx, chromium.err = startChromium(chromedp.Flag("disable-3d-apis", true)) })
	if chromium.err != nil {
		t.Fatal(chromium.err)
	}
	return l.openIn(t, chromium.ctx, d, fragment)
}

func (l *lab) openIn(t *testing.T, browser context.Context, d device, fragment string) *tab {
	t.Helper()
	b := &tab{t: t, pictures: t.ArtifactDir()}
	b.url, _ = url.Parse(l.URL)
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext(), chromedp.WithListener(b.hear))
	b.ctx = ctx
	t.Cleanup(func() {
		if t.Failed() {
			b.picture("failed")
			t.Logf("the terminal showed:\n%s", b.screen())
		}
		cancel()
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, fault := range b.faults {
			t.Error(fault)
		}
	})

	b.call(func() error { return chromedp.Do(ctx) }, "open a tab") // which lives as long as this context
	b.call(func() error {
		_, err := chromedp.Call(ctx, cdpage.AddScriptToEvaluateOnNewDocument, cdpage.AddScriptToEvaluateOnNewDocumentParams{Source: `
			addEventListener('securitypolicyviolation', (e) => console.error('policy:', e.violatedDirective, e.blockedURI, e.sourceFile, e.lineNumber));
		`})
		return err
	}, "listen to the policy")
	options := []chromedp.EmulateViewportOption{}
	if d.phone {
		options = append(options, chromedp.EmulateMobile, chromedp.EmulateTouch, chromedp.EmulatePortrait, chromedp.EmulateScale(2))
	}
	b.do(chromedp.EmulateViewport(d.width, d.height, options...), "take the device")
	b.wear(d)
	b.do(chromedp.Navigate(l.URL+"/"+fragment), "open the page")
	return b
}

// wear makes the system's wishes those of the device.
func (b *tab) wear(d device) {
	b.t.Helper()
	motion := "no-preference"
	if d.still {
		motion = "reduce"
	}
	b.call(func() error {
		_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: d.scheme}, {Name: "prefers-reduced-motion", Value: motion},
		}})
		return err
	}, "set the colours")
}

func (b *tab) hear(event any) {
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
	if fault != "" && !provoked.MatchString(fault) {
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

func (b *tab) call(f func() error, what string) {
	b.t.Helper()
	if err := f(); err != nil {
		b.t.Fatalf("%s: %v", what, err)
	}
}

func (b *tab) do(a chromedp.Action[chromedp.Void], what string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	b.call(func() error { return chromedp.Do(ctx, a) }, what)
}

// eval is the value of an expression in the page.
func eval[T any](b *tab, expression string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// waitFor waits until an expression is true in the page.
func (b *tab) waitFor(expression string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	poll := chromedp.Poll[chromedp.Void]("("+expression+")", chromedp.WithPollingTimeout(patience))
	if err := chromedp.Do(ctx, poll); err != nil {
		b.t.Fatalf("waited in vain for %s: %v", expression, err)
	}
}

const screenText = `[...document.querySelectorAll('.xterm-rows > div')].map((row) => row.textContent.trimEnd()).join('\n').trimEnd()`

// screen is what the terminal shows.
func (b *tab) screen() string {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](screenText))
	if err != nil {
		return err.Error()
	}
	return strings.ReplaceAll(text, "\u00a0", " ")
}

// sees waits until the terminal shows a text.
func (b *tab) sees(text string) {
	b.t.Helper()
	b.waitFor(fmt.Sprintf(`(%s).replaceAll('\u00a0', ' ').includes(%q)`, screenText, text))
}

// shows waits until an element is there to be seen, with a text in it.
func (b *tab) shows(selector, text string) {
	b.t.Helper()
	b.waitFor(fmt.Sprintf(`[...document.querySelectorAll(%q)].some((e) => e.checkVisibility({visibilityProperty: true}) && e.textContent.includes(%q))`, selector, text))
}

// hides waits until an element is not to be seen.
func (b *tab) hides(selector string) {
	b.t.Helper()
	b.waitFor(fmt.Sprintf(`![...document.querySelectorAll(%q)].some((e) => e.checkVisibility({visibilityProperty: true}))`, selector))
}

func (b *tab) click(selector string) {
	b.t.Helper()
	b.do(chromedp.Click(chromedp.CSS(selector)), "click "+selector)
}

// press presses one key, or the keys of a text one after the other. As on a real
// keyboard what a key types is part of its being pressed, so that the page can
// prevent it; chromedp's own KeyEvent types it all the same.
func (b *tab) press(keys string, modifiers ...chromedp.Modifier) {
	b.t.Helper()
	for _, r := range keys {
		if _, ok := kb.Keys[r]; !ok { // of an input method
			b.call(func() error {
				_, err := chromedp.Call(b.ctx, input.InsertText, input.InsertTextParams{Text: string(r)})
				return err
			}, "insert "+string(r))
			continue
		}
		events := kb.Encode(r)
		down, up := events[0], events[len(events)-1]
		for _, m := range modifiers {
			down.Modifiers |= int64(m)
			up.Modifiers |= int64(m)
		}
		if len(events) == 3 && down.Modifiers&^int64(chromedp.ModifierShift) == 0 {
			down.Text = events[1].Text
		}
		b.call(func() error {
			_, err := chromedp.Call(b.ctx, input.DispatchKeyEvent, *down)
			if err == nil {
				_, err = chromedp.Call(b.ctx, input.DispatchKeyEvent, *up)
			}
			return err
		}, "press "+string(r))
	}
}

// focus is the id, or else the class, of what has the focus.
func (b *tab) focus() string {
	b.t.Helper()
	return eval[string](b, `document.activeElement.id || document.activeElement.className`)
}

// picture writes what is seen into the artefacts of the test.
func (b *tab) picture(name string) {
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(filepath.Join(b.pictures, name+".png"), png, 0o644)
	}
	if err != nil {
		b.t.Errorf("picture %s: %v", name, err)
	}
}

// settle waits until all animations of the page have ended.
func (b *tab) settle() {
	b.t.Helper()
	eval[bool](b, `Promise.allSettled(document.getAnimations().map((a) => a.finished)).then(() => true)`)
}
