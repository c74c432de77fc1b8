package page_test

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"lectern/web/page"
)

const (
	patience = 20 * time.Second // with which a test waits for what must come
	window   = 400_000          // bytes that may be on their way to the page
)

type stage struct {
	Number int    `json:"number"`
	Title  string `json:"title"`
	State  string `json:"state"`
}

type course struct {
	ID     string  `json:"id"`
	Title  string  `json:"title"`
	Stages []stage `json:"stages"`
}

type session struct {
	SessionID string `json:"sessionId"`
	CourseID  string `json:"courseId"`
	Stage     int    `json:"stage"`
}

// lab plays the server's part of the talk with the page, by the test's script.
type lab struct {
	*httptest.Server
	over  context.Context
	links chan *link // the WebSockets, as they are opened

	mu       sync.Mutex
	codes    []string // that sign in, once
	others   string   // whose those are, where they are not ada's
	signedIn bool
	login    string // of the one who is
	recorded bool
	down     bool               // as a server behind whose ingress nothing answers
	deaf     bool               // new links answer no ping
	hold     chan chan struct{} // takes what each answer of api/me waits for to be closed; nil: nothing
	courses  []course
	sessions []session
	asked    []string // method and path of every request
}

func startLab(t *testing.T) *lab {
	over, stop := context.WithCancel(context.Background())
	l := &lab{over: over, links: make(chan *link, 8), signedIn: true, login: "ada", courses: sample(), sessions: []session{}}
	mux := http.NewServeMux()
	mux.Handle("GET /", http.FileServerFS(page.Files))
	mux.HandleFunc("POST /api/sign-in", l.signIn)
	me := l.authed(func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{"login": l.login, "admin": false, "recorded": l.recorded, "expires": "2030-01-02T15:04:05Z", "sshLogin": "lab", "sshPort": 2222})
	})
	mux.HandleFunc("GET /api/me", func(w http.ResponseWriter, r *http.Request) {
		recorded := httptest.NewRecorder()
		me(recorded, r) // as things are now, also where that is told later
		l.wait()
		maps.Copy(w.Header(), recorded.Header())
		w.WriteHeader(recorded.Code)
		_, _ = recorded.Body.WriteTo(w)
	})
	mux.HandleFunc("DELETE /api/me", l.authed(func(w http.ResponseWriter, _ *http.Request) {
		l.signedIn = false
		w.WriteHeader(http.StatusNoContent)
	}))
	mux.HandleFunc("GET /api/courses", l.authed(func(w http.ResponseWriter, _ *http.Request) { answer(w, l.courses) }))
	mux.HandleFunc("GET /api/sessions", l.authed(func(w http.ResponseWriter, _ *http.Request) { answer(w, l.sessions) }))
	mux.HandleFunc("GET /api/sessions/{id}", l.authed(func(w http.ResponseWriter, r *http.Request) {
		i := slices.IndexFunc(l.sessions, func(s session) bool { return s.SessionID == r.PathValue("id") })
		if i < 0 {
			problem(w, http.StatusNotFound, "There is no such session.")
			return
		}
		answer(w, l.sessions[i])
	}))
	mux.HandleFunc("GET /ws", l.serveLink)
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.mu.Lock()
		l.asked = append(l.asked, r.Method+" "+r.URL.Path)
		down := l.down
		l.mu.Unlock()
		if down && (strings.HasPrefix(r.URL.Path, "/api/") || r.URL.Path == "/ws") {
			problem(w, http.StatusServiceUnavailable, "The lab is being restarted.")
			return
		}
		w.Header().Set("Content-Security-Policy", page.Policy)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Referrer-Policy", "no-referrer")
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		stop() // the WebSockets, for which Close would wait
		l.Close()
	})
	return l
}

// change alters what the lab knows.
func (l *lab) change(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f()
}

// wait holds an answer back.
func (l *lab) wait() {
	l.mu.Lock()
	hold := l.hold
	l.mu.Unlock()
	if hold != nil {
		release := make(chan struct{})
		hold <- release
		<-release
	}
}

func (l *lab) signIn(w http.ResponseWriter, r *http.Request) {
	var body struct{ Code, Instead string }
	_ = json.NewDecoder(r.Body).Decode(&body)
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.Index(l.codes, body.Code)
	if i < 0 || r.Header.Get("Content-Type") != "application/json" {
		problem(w, http.StatusUnauthorized, "This link has been used or has expired.")
		return
	}
	if l.signedIn && l.others != "" && body.Instead != l.login {
		problem(w, http.StatusConflict, "It is somebody else's.", map[string]any{"signedInAs": l.login, "linkOf": l.others})
		return
	}
	if l.others != "" {
		l.login, l.sessions = l.others, nil
	}
	l.codes, l.signedIn = slices.Delete(l.codes, i, i+1), true
	w.WriteHeader(http.StatusNoContent)
}

// authed holds the lab's lock while it answers somebody who has signed in.
func (l *lab) authed(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		l.mu.Lock()
		defer l.mu.Unlock()
		if !l.signedIn {
			problem(w, http.StatusUnauthorized, "You are not signed in any more.")
			return
		}
		h(w, r)
	}
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func problem(w http.ResponseWriter, status int, detail string, members ...map[string]any) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	all := map[string]any{
		"type": "about:blank", "title": http.StatusText(status), "status": status, "detail": detail,
		"sshLogin": "lab", "sshPort": 2222,
	}
	for _, more := range members {
		maps.Copy(all, more)
	}
	_ = json.NewEncoder(w).Encode(all)
}

func sample() []course {
	return []course{
		{ID: "ssh", Title: "SSH from the inside", Stages: []stage{
			{1, "Before the password: the handshake", "done"},
			{2, "Who is there: keys and trust", "open"},
			{3, "Many conversations on one wire: channels", "locked"},
			{4, "The terminal that is not there: PTY and shell", "locked"},
			{5, "Doors through the wall: forwarding and bastions", "locked"},
		}},
		{ID: "tides", Title: "Tides and lighthouses", Stages: []stage{
			{1, "Why the sea rises", "open"}, {2, "What a lamp says", "locked"}, {3, "Reading a chart", "locked"},
		}},
	}
}
