package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

const controlSocket = "node.sock"

// Component is what the node tells about one of its programs.
type Component struct {
	Name    string    `json:"name"`
	Running bool      `json:"running"`
	Since   time.Time `json:"since"`
	// Ended says how, where the component is not running.
	Ended string `json:"ended,omitempty"`
}

// control answers those who ask the node over its socket.
type control struct {
	server *http.Server
	up     atomic.Bool // everything was ready once
	ended  chan struct{}
}

func serveControl(s *supervisor, all []component) (*control, error) {
	listener, err := net.Listen("unix", "/run/"+controlSocket)
	if err != nil {
		return nil, fmt.Errorf("listen for commands: %w", err)
	}
	c := &control{ended: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /up", func(w http.ResponseWriter, _ *http.Request) {
		if !c.up.Load() {
			http.Error(w, "the cluster is not up yet", http.StatusServiceUnavailable)
		}
	})
	mux.HandleFunc("GET /components", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(s.list(all))
	})
	do := func(action func(context.Context, component) error) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			c, found := find(all, r.PathValue("name"))
			if !found {
				http.Error(w, fmt.Sprintf("there is no component %q", r.PathValue("name")), http.StatusNotFound)
				return
			}
			if err := action(r.Context(), c); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
			}
		}
	}
	stop := func(_ context.Context, c component) error { return s.halt(c.name) }
	mux.HandleFunc("POST /components/{name}/stop", do(stop))
	mux.HandleFunc("POST /components/{name}/start", do(s.bringUp))
	c.server = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		defer close(c.ended)
		_ = c.server.Serve(listener) // returns when close is called
	}()
	return c, nil
}

func (c *control) close() {
	_ = c.server.Close()
	<-c.ended
}

func (s *supervisor) list(all []component) []Component {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Component
	for _, c := range all {
		entry := Component{Name: c.name}
		if p, found := s.processes[c.name]; found {
			entry.Since, entry.Running = p.started, !p.ended()
			if !entry.Running {
				entry.Ended = describe(p.status)
			}
		}
		list = append(list, entry)
	}
	return list
}

// Components asks the running node about its programs.
func (n Node) Components(ctx context.Context) ([]Component, error) {
	body, err := n.ask(ctx, http.MethodGet, "/components")
	if err != nil {
		return nil, err
	}
	var list []Component
	if err := json.Unmarshal(body, &list); err != nil {
		return nil, fmt.Errorf("read the node's answer: %w", err)
	}
	return list, nil
}

// isUp tells whether the node is there and not on its way up or down.
func (n Node) isUp(ctx context.Context) bool {
	_, err := n.ask(ctx, http.MethodGet, "/up")
	return err == nil
}

// Stop kills a component, and Start starts it again with the same flags and
// returns when it is ready.
func (n Node) Stop(ctx context.Context, component string) error {
	_, err := n.ask(ctx, http.MethodPost, "/components/"+component+"/stop")
	return err
}

func (n Node) Start(ctx context.Context, component string) error {
	_, err := n.ask(ctx, http.MethodPost, "/components/"+component+"/start")
	return err
}

func (n Node) ask(ctx context.Context, method, path string) ([]byte, error) {
	if _, err := n.PID(); err != nil {
		return nil, err
	}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", n.control())
	}
	transport := &http.Transport{DialContext: dial, DisableKeepAlives: true}
	request, err := http.NewRequestWithContext(ctx, method, "http://node"+path, nil)
	if err != nil {
		return nil, err
	}
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return nil, fmt.Errorf("ask the node: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("ask the node: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return nil, errors.New(strings.TrimSpace(string(body)))
	}
	return body, nil
}
