package testscript_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
)

// fakeGitHub gives out the keys of accounts, and has bad days.
type fakeGitHub struct {
	*httptest.Server
	over chan struct{} // closed at the end, for those who are kept waiting

	mu   sync.Mutex
	keys map[string]string // by login
	mood http.HandlerFunc  // nil: it answers
}

func newGitHub() *fakeGitHub {
	g := &fakeGitHub{over: make(chan struct{}), keys: make(map[string]string)}
	g.Server = httptest.NewServer(http.HandlerFunc(g.answer))
	return g
}

func (g *fakeGitHub) close() {
	close(g.over)
	g.Close()
}

func (g *fakeGitHub) answer(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	keys, known := g.keys[strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/"), ".keys")]
	mood := g.mood
	g.mu.Unlock()
	switch {
	case mood != nil:
		mood(w, r)
	case !known:
		w.WriteHeader(http.StatusNotFound)
	default:
		_, _ = w.Write([]byte(keys))
	}
}

// slow keeps whoever asks waiting.
func (g *fakeGitHub) slow(_ http.ResponseWriter, r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-g.over:
	}
}

// junk is 5 MB that look like keys.
func junk(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain")
	line := []byte("ssh-ed25519 " + strings.Repeat("A", 68) + "\n")
	for range 5_000_000 / len(line) {
		if _, err := w.Write(line); err != nil {
			return
		}
	}
}

// github LOGIN FILE... gives an account the public keys in the files, and ends
// a bad day. github down N answers everybody with the HTTP status N, github
// slow answers nobody, and github junk sends everybody 5 MB.
func github(ts *testscript.TestScript, _ bool, args []string) {
	g := worldOf(ts).github
	g.mu.Lock()
	defer g.mu.Unlock()
	switch args[0] {
	case "down":
		status, err := strconv.Atoi(args[1])
		ts.Check(err)
		g.mood = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }
	case "slow":
		g.mood = g.slow
	case "junk":
		g.mood = junk
	default:
		var keys strings.Builder
		for _, file := range args[1:] {
			keys.WriteString(ts.ReadFile(file))
		}
		g.keys[args[0]], g.mood = keys.String(), nil
	}
}
