package proxy

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"lectern/proxy/token"
)

// BenchmarkAddedLatency asks an upstream directly and through the proxy by
// turns, with a body as long as Claude Code's.
func BenchmarkAddedLatency(b *testing.B) {
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		plainAnswer(w, r)
	}))
	defer upstream.Close()
	target, err := url.Parse(upstream.URL)
	if err != nil {
		b.Fatal(err)
	}
	signer, err := token.OpenSigner(filepath.Join(b.TempDir(), "key.pem"))
	if err != nil {
		b.Fatal(err)
	}
	bearer, err := signer.Sign(claims())
	if err != nil {
		b.Fatal(err)
	}
	p, err := New(Options{
		Upstream: target, Key: fixedKey{realKey}, Verifier: signer.Verifier(), Reporter: &fakeGateway{},
		Tools: []string{"Read", "Glob", "Grep"}, RequestsPerMinute: 1 << 30, Concurrency: 100,
		Registerer: prometheus.NewRegistry(), Log: slog.New(slog.NewJSONHandler(io.Discard, nil)),
	})
	if err != nil {
		b.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- p.Serve(listener) }()
	client := &http.Client{Transport: &http.Transport{}}
	defer func() {
		client.CloseIdleConnections()
		if err := p.Shutdown(context.WithoutCancel(b.Context())); err != nil {
			b.Error(err)
		}
		<-served
	}()
	body := typical()
	ask := func(base string) time.Duration {
		began := time.Now()
		r, err := http.NewRequest(http.MethodPost, base+"/v1/messages", bytes.NewReader(body))
		if err != nil {
			b.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+bearer)
		res, err := client.Do(r)
		if err != nil {
			b.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		if res.StatusCode != http.StatusOK {
			b.Fatalf("status %d", res.StatusCode)
		}
		return time.Since(began)
	}
	var direct, through []time.Duration
	for b.Loop() {
		direct = append(direct, ask(upstream.URL))
		through = append(through, ask("http://"+listener.Addr().String()))
	}
	slices.Sort(direct)
	slices.Sort(through)
	for name, at := range map[string]int{"p50": 50, "p99": 99} {
		i := len(direct) * at / 100
		b.ReportMetric(float64((through[i] - direct[i]).Microseconds()), "added-"+name+"-µs")
	}
	b.ReportMetric(0, "ns/op")
}
