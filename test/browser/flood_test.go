package browser_test

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"lectern/internal/lecterntest/browser"
)

const (
	// eachLine is a line of the output that is counted, with its end.
	eachLine = len("10000000\r\n")
	lines    = 5_300_000
	whole    = lines * eachLine
)

// chatter is a sandbox that says much. It echoes nothing.
var chatter = []string{"/bin/sh", "-c", fmt.Sprintf(`
stty -echo
echo "hello from the sandbox"
trap 'echo; echo "stopped at $(date +%%s%%3N)"' INT
while :; do
	read -r verb || continue
	case $verb in
	count) seq 10000000 %d; echo "all counted" ;;
	flood) yes "a flood of words without end" ;;
	esac
done
`, 10_000_000+lines-1)}

// listen counts what the page receives on its WebSockets, and hashes the first
// bytes after window.heard was set (FNV-1a).
const listen = `
	window.heard = { bytes: 0, hash: 0x811c9dc5 };
	const Plain = WebSocket;
	window.WebSocket = class extends Plain {
		constructor(...how) {
			super(...how);
			this.addEventListener('message', ({ data }) => {
				if (typeof data === 'string') return;
				const bytes = new Uint8Array(data, 0, Math.min(data.byteLength, WHOLE - heard.bytes));
				let hash = heard.hash;
				for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193);
				heard.hash = hash >>> 0;
				heard.bytes += bytes.length;
			});
		}
	};
`

// TestFlood lets a sandbox say 50 MB, all of which arrives while the gateway keeps
// next to nothing of it; and stops a flood that would never end.
func TestFlood(t *testing.T) {
	d := startDesk(t, chatter)
	c, err := chromium.Get()
	if err != nil {
		t.Fatal(err)
	}
	b := c.Open(t, browser.Desktop, d.url)
	b.BeforeEach(strings.ReplaceAll(listen, "WHOLE", strconv.Itoa(whole)))
	b.Provoke("status of 401") // it has not signed in
	b.Do(chromedp.Reload(), "load the page anew")
	b.Goto(d.link())
	b.Sees("Only stage")
	b.Press(kb.Enter)
	b.Sees("hello from the sandbox")
	b.LookAway()

	var delays []time.Duration
	for range 5 {
		browser.Eval[bool](b, `(heard.bytes = 0, true)`)
		b.Press("flood" + kb.Enter)
		b.WaitFor(`heard.bytes > 2_000_000`)
		b.Sees("a flood of words")
		pressed := time.Now()
		b.Press("c", chromedp.ModifierCtrl)
		b.Sees("stopped at")
		text := b.Screen()
		_, said, _ := strings.Cut(text[strings.LastIndex(text, "stopped at"):], "stopped at ")
		at, err := strconv.ParseInt(strings.Fields(said)[0], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		stopped := time.UnixMilli(at).Sub(pressed)
		t.Logf("Ctrl-C: the program stopped after %v, the page showed it after %v", stopped, time.Since(pressed))
		delays = append(delays, stopped)
	}
	if slices.Min(delays) < -time.Millisecond { // what date(1) cuts off
		t.Errorf("a flood stopped before it was to: %v", delays)
	}
	if slices.Max(delays) > 300*time.Millisecond {
		t.Errorf("Ctrl-C stopped the flood after %v, want at most 300 ms", delays)
	}

	before := resident(t)
	browser.Eval[bool](b, `(Object.assign(heard, { bytes: 0, hash: 0x811c9dc5 }), true)`)
	began := time.Now()
	b.Press("count" + kb.Enter)
	most := before
	for browser.Eval[int](b, `heard.bytes`) < whole {
		most = max(most, resident(t))
		if time.Since(began) > time.Minute {
			t.Fatalf("after a minute %d of %d bytes have come", browser.Eval[int](b, `heard.bytes`), whole)
		}
		time.Sleep(50 * time.Millisecond)
	}
	b.Sees("all counted")
	t.Logf("%d MB in %v; resident were %d MB before, at most %d MB, and %d MB after",
		whole>>20, time.Since(began).Round(time.Millisecond), before>>20, most>>20, resident(t)>>20)
	want := fnv.New32a()
	for n := range lines {
		_, _ = fmt.Fprintf(want, "%d\r\n", 10_000_000+n)
	}
	if got := browser.Eval[uint32](b, `heard.hash`); got != want.Sum32() {
		t.Errorf("what came is not what was said: the hash is %x, want %x", got, want.Sum32())
	}
	if grown := most - before; grown > 20<<20 {
		t.Errorf("the gateway grew by %d MB while 50 passed through it", grown>>20)
	}
}

// resident is how much memory this process has, which the gateway is part of.
func resident(t *testing.T) int64 {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(status) {
		if rest, ok := bytes.CutPrefix(line, []byte("VmRSS:")); ok {
			kb, err := strconv.ParseInt(string(bytes.Fields(rest)[0]), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return kb << 10
		}
	}
	t.Fatal("/proc/self/status has no VmRSS")
	return 0
}
