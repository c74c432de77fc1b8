//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/remotecommand"

	"lectern/sandbox"
)

// TestNumbers prints, side by side in one run, what Kubernetes alone takes and
// what it takes through Lectern. It fails only where something does not work:
// how fast the machine is, is not the code's doing.
func TestNumbers(t *testing.T) {
	l := newLab(t, nil)
	const rounds = 5
	var bareReady, made, beyond, bareExec, reattached []time.Duration
	for range rounds {
		bareReady = append(bareReady, l.bareReady(t))
		ready := l.whenReady(t, sandbox.Name("ada"))
		begun := time.Now()
		s := l.start(t)
		s.expect(t, "hello from")
		shown := time.Now()
		made = append(made, shown.Sub(begun))
		beyond = append(beyond, shown.Sub(<-ready))

		name := sandbox.Name("ada")
		bareExec = append(bareExec, timed(func() { l.exec(t.Context(), t, name, nil, io.Discard, "true") }))

		s.drop() // the link is lost
		begun = time.Now()
		s = l.start(t)
		s.expect(t, "hello from")
		reattached = append(reattached, time.Since(begun))
		if len(made) < rounds {
			l.kill(t, "ada")
		}
	}
	bareEcho, throughEcho := l.echoes(t)
	bareBulk, throughBulk := l.bulk(t)

	p := func(what string, bare, through time.Duration) {
		t.Logf("%-44s bare %8.1f ms   Lectern %8.1f ms   %5.2f times", what, ms(bare), ms(through), float64(through)/float64(bare))
	}
	p("create to Ready / choose to first byte, p50", median(bareReady), median(made))
	t.Logf("%-44s %33.1f ms", "  of that after the Pod was Ready, p50", ms(median(beyond)))
	p("exec start / re-attach by ssh, p50", median(bareExec), median(reattached))
	p("keystroke echo, p50", quantile(bareEcho, 0.5), quantile(throughEcho, 0.5))
	p("keystroke echo, p99", quantile(bareEcho, 0.99), quantile(throughEcho, 0.99))
	t.Logf("%-44s bare %8.1f MB/s Lectern %8.1f MB/s %5.2f times", "bulk output", bareBulk, throughBulk, throughBulk/bareBulk)
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func timed(f func()) time.Duration {
	begun := time.Now()
	f()
	return time.Since(begun)
}

func median(d []time.Duration) time.Duration { return quantile(d, 0.5) }

func quantile(d []time.Duration, q float64) time.Duration {
	d = slices.Sorted(slices.Values(d))
	return d[min(len(d)-1, int(q*float64(len(d))))]
}

// bareReady makes a sandbox's Pod without Lectern and waits until it is Ready.
func (l *lab) bareReady(t *testing.T) time.Duration {
	t.Helper()
	w, err := l.pods.Watch(t.Context(), metav1.ListOptions{FieldSelector: "metadata.name=bare"})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	pod := l.barePod()
	begun := time.Now()
	if _, err := l.pods.Create(t.Context(), pod, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	for event := range w.ResultChan() {
		if isReady(event.Object.(*corev1.Pod)) {
			took := time.Since(begun)
			l.remove(t, "bare")
			return took
		}
	}
	t.Fatal("the bare Pod did not become ready")
	return 0
}

// whenReady tells when the next Pod of that name was seen to be Ready.
func (l *lab) whenReady(t *testing.T, name string) <-chan time.Time {
	t.Helper()
	w, err := l.pods.Watch(t.Context(), metav1.ListOptions{FieldSelector: "metadata.name=" + name})
	if err != nil {
		t.Fatal(err)
	}
	seen := make(chan time.Time, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for event := range w.ResultChan() {
			if isReady(event.Object.(*corev1.Pod)) {
				seen <- time.Now()
				return
			}
		}
	}()
	t.Cleanup(func() {
		w.Stop()
		<-done
	})
	return seen
}

func isReady(pod *corev1.Pod) bool {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

// exec runs a command in a Pod as kubectl does, on a terminal where there is
// input.
func (l *lab) exec(ctx context.Context, t *testing.T, pod string, in io.Reader, out io.Writer, command ...string) {
	url := l.client.CoreV1().RESTClient().Post().Resource("pods").Namespace(l.namespace).Name(pod).SubResource("exec").
		VersionedParams(&corev1.PodExecOptions{Command: command, Stdin: in != nil, Stdout: true, TTY: in != nil}, scheme.ParameterCodec).URL()
	executor, err := remotecommand.NewWebSocketExecutor(l.config, "GET", url.String())
	if err != nil {
		t.Error(err)
		return
	}
	err = executor.StreamWithContext(ctx, remotecommand.StreamOptions{Stdin: in, Stdout: out, Tty: in != nil})
	if err != nil && ctx.Err() == nil {
		t.Error(err)
	}
}

const keystrokes = 300

// echoes types letters one by one, in turns at a bare exec and at Lectern, and
// measures until each comes back.
func (l *lab) echoes(t *testing.T) (bare, through []time.Duration) {
	t.Helper()
	in, typed := io.Pipe()
	answer := newSteps()
	done := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		defer close(done)
		l.exec(ctx, t, sandbox.Name("ada"), in, answer, "/bin/sh", "-c", "echo up; exec cat >/dev/null")
	}()
	defer func() {
		cancel() // a terminal's input has no end
		_ = typed.Close()
		<-done
	}()
	answer.wait(t, "up")
	s := l.start(t)
	s.expect(t, "hello from")
	s.typed(t, "say ready\r")
	s.expect(t, "said ready")
	for i := range keystrokes {
		letter := string(rune('a' + i%26))
		bare = append(bare, timed(func() {
			_, _ = io.WriteString(typed, letter)
			answer.wait(t, letter)
		}))
		through = append(through, timed(func() {
			s.typed(t, letter)
			s.expect(t, letter)
		}))
		if i%26 == 25 { // keeps the line short
			_, _ = io.WriteString(typed, "\x15")
			s.typed(t, "\x15")
		}
	}
	s.typed(t, "\x15")
	s.drop()
	return bare, through
}

// bulk lets a sandbox write as fast as it can, in turns through a bare exec and
// through Lectern, and returns the megabytes a second.
func (l *lab) bulk(t *testing.T) (bare, through float64) {
	t.Helper()
	const size = 30 << 20
	var bareTook, throughTook []time.Duration
	for range 3 {
		bareTook = append(bareTook, timed(func() {
			in, typed := io.Pipe()
			defer func() { _ = typed.Close() }()
			counted := &counter{}
			l.exec(t.Context(), t, sandbox.Name("ada"), in, counted, "/bin/sh", "-c", fmt.Sprintf("stty raw; yes lectern | head -c %d", size))
			if counted.n < size {
				t.Errorf("%d bytes came by the bare exec", counted.n)
			}
		}))
		s := l.start(t)
		s.typed(t, "say ready\r")
		s.expect(t, "said ready")
		throughTook = append(throughTook, timed(func() {
			s.typed(t, fmt.Sprintf("send %d\r", size))
			s.expect(t, "\nsent")
		}))
		s.drop()
	}
	rate := func(d time.Duration) float64 { return size / 1e6 / d.Seconds() }
	return rate(median(bareTook)), rate(median(throughTook))
}

type counter struct{ n int }

func (c *counter) Write(p []byte) (int, error) {
	c.n += len(p)
	return len(p), nil
}
