// Package probe is what a probe does inside a sandbox's walls: it tries which
// addresses it reaches, asks the API proxy a free question, and listens so that
// another probe has something to reach. What that means is for its asker.
//
// It knows the network and nothing of Pods.
package probe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strconv"
	"sync"
	"time"
)

// Target is an address to try.
type Target struct {
	Name string `json:"name"`
	// Address is host:port, the host an IP address unless it is wanted; $NAME in it is a variable of the probe's environment.
	Address string `json:"address"`
	// Resolver is set where a DNS server is asked by UDP; else a TCP connection is
	// made.
	Resolver bool `json:"resolver,omitempty"`
	// Wanted is set where the address must be reached. It is tried until it is,
	// and another until it is not any more, for as long as the question's Patience.
	Wanted bool `json:"wanted,omitempty"`
}

// Question is what a probe is asked.
type Question struct {
	Targets []Target `json:"targets"`
	// Patience is how long the walls may take to stand: the rules for a new Pod come
	// a moment after its first process.
	Patience time.Duration `json:"patience"`
}

// Result is what became of one target.
type Result struct {
	Name string `json:"name"`
	// Address is where it was tried.
	Address string `json:"address"`
	// Tried is not set where it is no address that could be tried: a sandbox looks
	// no names up.
	Tried   bool `json:"tried"`
	Reached bool `json:"reached"`
	// Said is why it was not reached.
	Said string `json:"said,omitempty"`
}

// Answer has a result for each target, in their order.
type Answer struct {
	Results []Result `json:"results"`
}

// maxQuestion is many times what a question takes.
const maxQuestion = 1 << 20

// Serve reads a Question and writes its Answer.
func Serve(ctx context.Context, in io.Reader, out io.Writer) error {
	var q Question
	if err := json.NewDecoder(io.LimitReader(in, maxQuestion)).Decode(&q); err != nil {
		return fmt.Errorf("read the question: %w", err)
	}
	return json.NewEncoder(out).Encode(Answer{Results: Try(ctx, q, os.Getenv)})
}

// Try tries all targets at once. environ looks up variables.
func Try(ctx context.Context, q Question, environ func(string) string) []Result {
	ctx, cancel := context.WithTimeout(ctx, q.Patience)
	defer cancel()
	results := make([]Result, len(q.Targets))
	var trying sync.WaitGroup
	for i, target := range q.Targets {
		trying.Go(func() {
			address := os.Expand(target.Address, environ)
			results[i] = settle(ctx, target, address)
		})
	}
	trying.Wait()
	return results
}

const (
	// answerLimit is how long an address may take to answer. Nothing that is tried
	// is far away.
	answerLimit = 2 * time.Second
	// pause is the time between two tries.
	pause = 500 * time.Millisecond
	// standing is how long nobody may be reached before that counts as a wall: in
	// its first moments a Pod may reach nothing at all.
	standing = 3 * time.Second
)

// settle tries a target until it is as it must be, or until ctx ends: the last
// try counts.
func settle(ctx context.Context, target Target, address string) Result {
	r := Result{Name: target.Name, Address: address}
	address, err := toTry(address, target.Wanted)
	if err != nil {
		r.Said = reason(err)
		return r
	}
	r.Address, r.Tried = address, true
	next := time.NewTicker(pause)
	defer next.Stop()
	last := time.Now() // that it was reached, or could not be yet
	for {
		err := try(address, target.Resolver)
		if r.Reached, r.Said = err == nil, ""; r.Reached {
			last = time.Now()
		} else {
			r.Said = reason(err)
		}
		if target.Wanted && r.Reached || !target.Wanted && time.Since(last) >= standing {
			return r
		}
		select {
		case <-ctx.Done():
			return r
		case <-next.C:
		}
	}
}

// toTry refuses what would fail whether there is a wall or not, and gives the
// rest in its usual form. Only what is wanted may be a name, of those that a
// sandbox is given with its Pod.
func toTry(address string, wanted bool) (string, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", err
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "", fmt.Errorf("%q is no port", port)
	}
	if _, err := netip.ParseAddr(host); err != nil && !wanted {
		return "", fmt.Errorf("%q is no IP address", host)
	}
	return net.JoinHostPort(host, port), nil
}

// try reaches for one address, once.
func try(address string, resolver bool) error {
	if resolver {
		return resolve(address)
	}
	conn, err := net.DialTimeout("tcp", address, answerLimit)
	if err != nil {
		return err
	}
	return conn.Close()
}

// query asks for the A record of "kubernetes.default.svc." (RFC 1035). Whatever
// is answered, even that there is none, has come from a DNS server.
var query = []byte("\x4c\x45\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x0akubernetes\x07default\x03svc\x00\x00\x01\x00\x01")

func resolve(address string) error {
	conn, err := net.DialTimeout("udp", address, answerLimit)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(answerLimit)); err != nil {
		return err
	}
	if _, err := conn.Write(query); err != nil {
		return err
	}
	answer := make([]byte, 512)
	n, err := conn.Read(answer)
	if err != nil {
		return err
	}
	if n < len(query[:2]) || answer[0] != query[0] || answer[1] != query[1] {
		return errors.New("what has answered is no DNS server")
	}
	return nil
}

// reason is the end of an error of the network, where its cause stands.
func reason(err error) string {
	var wrong *net.OpError
	if errors.As(err, &wrong) {
		err = wrong.Err
	}
	return err.Error()
}

// Listen accepts connections until ctx ends, and says nothing.
func Listen(ctx context.Context, address string) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("listen for another probe: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = listener.Close() })
	defer stop()
	for {
		conn, err := listener.Accept()
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return fmt.Errorf("listen for another probe: %w", err)
		}
		_ = conn.Close()
	}
}
