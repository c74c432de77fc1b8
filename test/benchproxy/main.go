// Command benchproxy compares three ways to the model's API in one run: the
// direct call, nginx as a reverse proxy that adds the key, and lectern proxy.
// All of it is on loopback; the API is a fake that answers at once, over TLS as
// the model's does, unless -plain says otherwise.
//
// The requests of the ways take turns, so that what else the machine does
// touches all of them alike. Read the ratios: the times are those of a machine.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"lectern/internal/fakeanthropic"
	"lectern/proxy/report"
)

// options say how much is measured.
type options struct {
	lectern     string
	plain       bool
	requests    int
	streams     int
	rounds      int
	connections int
	load        time.Duration
}

func main() {
	var o options
	flag.StringVar(&o.lectern, "lectern", "bin/lectern", "the program to measure")
	flag.BoolVar(&o.plain, "plain", false, "speak plain HTTP to the API, which no API does that is not on the same machine")
	flag.IntVar(&o.requests, "requests", 2000, "requests one after the other, each way")
	flag.IntVar(&o.streams, "streams", 1000, "streams one after the other, each way")
	flag.IntVar(&o.rounds, "rounds", 3, "rounds of load, each way")
	flag.DurationVar(&o.load, "load", 3*time.Second, "how long a round of load takes")
	flag.IntVar(&o.connections, "connections", 16, "connections under load")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "benchproxy:", err)
		os.Exit(1)
	}
}

// key is what the fake takes.
const key = "key-of-the-benchmark"

func run(ctx context.Context, o options) error {
	dir, err := os.MkdirTemp("", "lectern-benchproxy-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	upstream, err := startAPI(fakeanthropic.Constant(key, model, answer()), dir, o.plain)
	if err != nil {
		return err
	}
	defer upstream.close()
	events, closeEvents, err := serve(report.Handler(secret, deaf{}))
	if err != nil {
		return err
	}
	defer closeEvents()
	nginx, err := startNginx(ctx, dir, upstream)
	if err != nil {
		return err
	}
	defer nginx.stop()
	lectern, token, err := startLectern(o.lectern, dir, upstream, events)
	if err != nil {
		return err
	}
	defer lectern.stop()
	ways := []*way{
		{name: "direct", url: upstream.url, header: "X-Api-Key", credential: key},
		{name: "nginx", url: "http://" + nginx.address, header: "Authorization", credential: "Bearer " + token, server: nginx},
		{name: "lectern", url: "http://" + lectern.address, header: "Authorization", credential: "Bearer " + token, server: lectern},
	}
	for _, w := range ways {
		w.client = newClient(o.connections, upstream.roots)
		defer w.client.CloseIdleConnections()
	}
	if err := measure(ctx, o, ways); err != nil {
		return err
	}
	return show(os.Stdout, o, ways)
}

// serve serves a handler on loopback.
func serve(h http.Handler) (address string, closeAll func(), err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener) // ends with Close
	}()
	return listener.Addr().String(), func() {
		_ = server.Close()
		<-done
	}, nil
}

// deaf is a gateway that takes all reports.
type deaf struct{}

func (deaf) Record(context.Context, []report.Event) error                 { return nil }
func (deaf) ChargedToday(context.Context, string) (tokens int64, _ error) { return 0, nil }

// server is a proxy that runs as a child.
type server struct {
	address string
	cmd     *exec.Cmd
	drained chan struct{} // closed when its log has ended; nil where nobody reads one
}

// stop ends it and waits until it has gone.
func (s *server) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	if s.drained != nil {
		<-s.drained // Wait would close the pipe
	}
	_ = s.cmd.Wait()
}
