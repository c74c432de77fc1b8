package gateway

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"lectern/sandbox"
)

// The benchmarks measure what the gateway adds: each round goes once through
// it and once straight to a holder, so that a busy machine slows both alike.

// wire is both directions of a sandbox's terminal.
type wire struct {
	in  io.Writer
	out io.Reader
}

// until reads up to and with what is wanted.
func (w wire) until(b *testing.B, want string) {
	b.Helper()
	var seen []byte
	buf := make([]byte, 4<<10)
	for !bytes.Contains(seen, []byte(want)) {
		n, err := w.out.Read(buf)
		seen = append(seen, buf[:n]...)
		if err != nil {
			b.Fatalf("the output ended with %v before %q: %q", err, want, seen)
		}
	}
}

func (w wire) types(b *testing.B, text string) {
	b.Helper()
	if _, err := io.WriteString(w.in, text); err != nil {
		b.Fatal(err)
	}
}

// throughGateway starts a session that goes straight into a sandbox.
func throughGateway(b *testing.B, client *ssh.Client) wire {
	b.Helper()
	session, err := client.NewSession()
	if err != nil {
		b.Fatal(err)
	}
	in, err := session.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := session.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := session.RequestPty("xterm-256color", 24, 80, nil); err != nil {
		b.Fatal(err)
	}
	if err := session.Start("start only"); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = session.Close() })
	return wire{in, out}
}

// alone joins a sandbox of another learner without the gateway.
func (l *lab) alone(b *testing.B) wire {
	b.Helper()
	sb, err := l.server.Backend.Acquire(b.Context(), sandbox.Spec{
		Login: "bob", Session: newSessionID(), CourseID: "only", CourseDir: l.dir, Stage: 1, Environ: []string{"TERM=xterm-256color"},
	}, func(sandbox.Phase) {})
	if err != nil {
		b.Fatal(err)
	}
	in, typed := io.Pipe()
	shown, out := io.Pipe()
	ctx, cancel := context.WithCancel(context.Background())
	var joined sync.WaitGroup
	joined.Go(func() {
		if _, err := sb.Attach(ctx, sandbox.Control, sandbox.Terminal{In: in, Out: out, Size: sandbox.Size{Cols: 80, Rows: 24}}); err != nil {
			b.Error(err)
		}
	})
	b.Cleanup(func() {
		cancel()
		_ = shown.Close()
		_ = typed.Close()
		joined.Wait()
	})
	return wire{typed, shown}
}

// BenchmarkKeystroke is a key and its echo by a program in the sandbox.
func BenchmarkKeystroke(b *testing.B) {
	l := newLab(b, nil)
	wires := map[string]wire{"gateway": throughGateway(b, l.dial()), "holder": l.alone(b)}
	for _, w := range wires {
		w.until(b, "hello from")
		w.types(b, "echo\r")
		w.until(b, "ready\n")
	}
	took := make(map[string][]time.Duration)
	key := make([]byte, 1)
	for b.Loop() {
		for name, w := range wires {
			start := time.Now()
			w.types(b, "k")
			if _, err := io.ReadFull(w.out, key); err != nil {
				b.Fatal(err)
			}
			took[name] = append(took[name], time.Since(start))
		}
	}
	for _, p := range []int{50, 99} {
		gateway, holder := percentile(took["gateway"], p), percentile(took["holder"], p)
		b.ReportMetric(gateway.Seconds()*1e3, fmt.Sprintf("p%d-ms", p))
		b.ReportMetric(holder.Seconds()*1e3, fmt.Sprintf("p%d-holder-ms", p))
		b.ReportMetric(float64(gateway)/float64(holder), fmt.Sprintf("p%d-ratio", p))
	}
}

// BenchmarkOutput is 16 MB that a program writes at once.
func BenchmarkOutput(b *testing.B) {
	const size = 16 << 20
	l := newLab(b, nil)
	wires := map[string]wire{"gateway": throughGateway(b, l.dial()), "holder": l.alone(b)}
	for _, w := range wires {
		w.until(b, "hello from")
	}
	took := make(map[string]time.Duration)
	rounds := 0
	for b.Loop() {
		rounds++
		for name, w := range wires {
			start := time.Now()
			w.types(b, fmt.Sprintf("send %d\r", size))
			if _, err := io.CopyN(io.Discard, w.out, size); err != nil {
				b.Fatal(err)
			}
			took[name] += time.Since(start)
			w.until(b, "sent")
		}
	}
	rate := func(name string) float64 { return float64(rounds) * size / 1e6 / took[name].Seconds() }
	b.ReportMetric(rate("gateway"), "MB/s")
	b.ReportMetric(rate("holder"), "holder-MB/s")
	b.ReportMetric(rate("gateway")/rate("holder"), "ratio")
}

// BenchmarkPicker is the time from the TCP connect to a picker on the screen.
func BenchmarkPicker(b *testing.B) {
	l := newLab(b, nil)
	var took []time.Duration
	for b.Loop() {
		start := time.Now()
		client := l.dial()
		c := open(b, client, "")
		c.shows("Only stage")
		took = append(took, time.Since(start))
		_ = client.Close()
	}
	b.ReportMetric(percentile(took, 50).Seconds()*1e3, "p50-ms")
	b.ReportMetric(percentile(took, 99).Seconds()*1e3, "p99-ms")
}

// BenchmarkReattach is the time from the TCP connect after a dropped link to
// the screen of the sandbox, drawn and then drawn anew by its program, which
// has written much by then.
func BenchmarkReattach(b *testing.B) {
	l := newLab(b, nil)
	client := l.dial()
	w := throughGateway(b, client)
	w.until(b, "hello from")
	w.types(b, "send 1000000\r")
	w.until(b, "sent")
	var took []time.Duration
	for b.Loop() {
		_ = client.Close()
		start := time.Now()
		client = l.dial()
		throughGateway(b, client).until(b, "winch 24 80")
		took = append(took, time.Since(start))
	}
	b.ReportMetric(percentile(took, 50).Seconds()*1e3, "p50-ms")
	b.ReportMetric(percentile(took, 99).Seconds()*1e3, "p99-ms")
}

func percentile(took []time.Duration, p int) time.Duration {
	slices.Sort(took)
	return took[(len(took)-1)*p/100]
}
