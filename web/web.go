// Package web is the door for browsers: the page with its terminal, the REST API
// beside it, and the adapter that joins a WebSocket to the gateway's own SSH
// server, as the learner who has signed in.
//
// It knows HTTP and SSH. What a sandbox is, whose a key is and what was studied
// it asks of the gateway (web/api), and what browsers load is in web/page.
package web

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"time"

	"lectern/gateway/auth"
	"lectern/web/api"
	"lectern/web/page"
)

// Options is what a Server is made from.
type Options struct {
	// PublicURL is where browsers reach the page: scheme, host and port, and
	// nothing behind. Requests for another host, and of another origin, are
	// refused.
	PublicURL string
	// Origins are those of other front ends that may use the API and the
	// WebSocket from a browser.
	Origins []string
	// Proxies are the addresses whose X-Forwarded-For is believed.
	Proxies []netip.Prefix
	// SignInFor is how long a browser stays signed in.
	SignInFor time.Duration
	// Path is the file of the signed-in browsers.
	Path string
	// SSHLogin and SSHPort are how one gets a link that signs a browser in.
	SSHLogin string
	SSHPort  int
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	Log *slog.Logger
}

// Server is the page.
type Server struct {
	opts     Options
	public   *url.URL
	gateway  api.Gateway
	codes    *codes
	browsers *browsers
	guesses  *guesses
	sockets  *sockets
	files    map[string]file

	// ctx ends every WebSocket when the server stops.
	ctx    context.Context
	cancel context.CancelFunc
	open   sync.WaitGroup
}

// New makes a page. It is a Desk at once; Handler wants the gateway.
func New(o Options) (*Server, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	public, err := url.Parse(o.PublicURL)
	if err != nil {
		return nil, fmt.Errorf("read the address of the page: %w", err)
	}
	if public.Host == "" || public.Scheme != "http" && public.Scheme != "https" || public.Path != "" && public.Path != "/" {
		return nil, fmt.Errorf("%q cannot be the address of the page: write it like https://lab.example.org", o.PublicURL)
	}
	files, err := loadFiles(page.Files)
	if err != nil {
		return nil, err
	}
	kept, err := openBrowsers(o.Path, o.SignInFor, o.Now)
	if err != nil {
		return nil, err
	}
	s := &Server{
		opts: o, public: public, codes: newCodes(o.Now), browsers: kept,
		guesses: newGuesses(o.Now), sockets: newSockets(), files: files,
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s, nil
}

// Close ends every WebSocket, tells their pages that they may come back, and
// waits for what the server has started.
func (s *Server) Close() error {
	s.cancel()
	s.open.Wait()
	return s.browsers.close()
}

// Handler answers browsers, on behalf of a gateway.
func (s *Server) Handler(gateway api.Gateway) (http.Handler, error) {
	s.gateway = gateway
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/sign-in", s.signIn)
	mux.HandleFunc("GET /api/me", s.asLearner(s.me))
	mux.HandleFunc("DELETE /api/me", s.asLearner(s.signOut))
	mux.HandleFunc("GET /api/courses", s.asLearner(s.courses))
	mux.HandleFunc("GET /api/sessions", s.asLearner(s.listSessions))
	mux.HandleFunc("POST /api/sessions", s.asLearner(s.startSession))
	mux.HandleFunc("GET /api/sessions/{id}", s.asLearner(s.oneSession))
	mux.HandleFunc("DELETE /api/sessions/{id}", s.asLearner(s.endSession))
	mux.HandleFunc("GET /api/sessions/{id}/stages", s.asLearner(s.stagesOfSession))
	mux.HandleFunc("GET /api/progress/{login}", s.asLearner(s.progress))
	mux.HandleFunc("GET /api/progress/{login}/{course}", s.asLearner(s.progressOfCourse))
	mux.HandleFunc("GET /api/openapi.yaml", s.description)
	mux.HandleFunc("/api/", func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, http.StatusNotFound, "There is no such call: /api/openapi.yaml describes those that there are.")
	})
	mux.HandleFunc("GET /ws", s.asLearner(s.socket))
	mux.HandleFunc("/", s.serveFile)
	guarded, err := s.guard(mux)
	if err != nil {
		return nil, err
	}
	outer := http.NewServeMux()
	// Probes come by the address of a machine, and learn nothing else.
	outer.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	outer.Handle("/", guarded)
	return outer, nil
}

// Invite is api.Desk's.
func (s *Server) Invite(who auth.Identity) (api.Invitation, error) {
	text, expires := s.codes.mint(who)
	link := *s.public
	link.Path, link.Fragment = "/", text // a fragment is in no log and no Referer
	return api.Invitation{URL: link.String(), Expires: expires}, nil
}

// Browsers is api.Desk's.
func (s *Server) Browsers(login string) ([]api.Browser, error) {
	own, err := s.browsers.of(login)
	if err != nil {
		return nil, fmt.Errorf("list your browsers: %w", err)
	}
	views := make([]api.Browser, len(own))
	for i, one := range own {
		views[i] = one.view()
	}
	return views, nil
}

// Revoke is api.Desk's. It ends what those browsers have open.
func (s *Server) Revoke(login, id string) (int, error) {
	if id == "" {
		s.codes.forget(login)
	}
	gone, err := s.browsers.revoke(login, id)
	for _, id := range gone {
		s.sockets.end(id, errSignedOut)
	}
	return len(gone), err
}
