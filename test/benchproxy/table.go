package main

import (
	"fmt"
	"io"
	"time"
)

// table writes lines of the same columns.
type table struct {
	out           io.Writer
	direct, nginx *way
	lectern       *way
	failure       error
}

func (t *table) line(name, direct, nginx, lectern, ratio string) {
	if _, err := fmt.Fprintf(t.out, "%-36s %9s %9s %9s %14s\n", name, direct, nginx, lectern, ratio); err != nil {
		t.failure = err
	}
}

// row is a number of each way.
func (t *table) row(name, format string, of func(w *way) float64) {
	n, l := of(t.nginx), of(t.lectern)
	t.line(name, fmt.Sprintf(format, of(t.direct)), fmt.Sprintf(format, n), fmt.Sprintf(format, l), fmt.Sprintf("%.2f", l/n))
}

// servers is a number of those that run as processes of their own.
func (t *table) servers(name, format string, of func(w *way) (float64, error)) {
	n, err := of(t.nginx)
	if err != nil {
		t.failure = err
		return
	}
	l, err := of(t.lectern)
	if err != nil {
		t.failure = err
		return
	}
	t.line(name, "", fmt.Sprintf(format, n), fmt.Sprintf(format, l), fmt.Sprintf("%.2f", l/n))
}

// times is how long something took, and what the proxies add to the direct call.
func (t *table) times(name string, measured func(w *way) []time.Duration) {
	for _, q := range []struct {
		name string
		part float64
	}{{"p50", 0.5}, {"p99", 0.99}} {
		of := func(w *way) float64 { return milliseconds(quantile(measured(w), q.part)) }
		t.row(name+", "+q.name+", ms", "%.3f", of)
		n, l := of(t.nginx)-of(t.direct), of(t.lectern)-of(t.direct)
		t.line("  added", "", fmt.Sprintf("%.3f", n), fmt.Sprintf("%.3f", l), fmt.Sprintf("%.2f", l/n))
	}
}

// show writes what was measured, and how lectern compares to nginx.
func show(out io.Writer, o options, ways []*way) error {
	t := &table{out: out, direct: ways[0], nginx: ways[1], lectern: ways[2]}
	t.line(fmt.Sprintf("requests of %d KB", bodyBytes/1000), "direct", "nginx", "lectern", "lectern/nginx")
	t.times("answer", func(w *way) []time.Duration { return w.answers })
	t.times("first event", func(w *way) []time.Duration { return w.firsts })
	t.row(fmt.Sprintf("streams a second, %d connections", o.connections), "%.0f", func(w *way) float64 { return quantile(w.perSecond, 0.5) })
	t.servers("CPU a stream, ms", "%.3f", func(w *way) (float64, error) { return milliseconds(quantile(w.cpu, 0.5)), nil })
	t.servers("memory, MB", "%.1f", func(w *way) (float64, error) { return w.memory("VmRSS") })
	t.servers("memory at most, MB", "%.1f", func(w *way) (float64, error) { return w.memory("VmHWM") })
	return t.failure
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
