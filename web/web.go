// Package web is the door for browsers: the page with its terminal, the REST API
// beside it, and the adapter that joins a WebSocket to the gateway's own SSH
// server, as the learner who has signed in.
//
// It knows HTTP and SSH. What a sandbox is, whose a key is and what was studied
// it asks of the gateway (web/api), and what browsers load is in web/page.
package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"lectern/gateway/auth"
	"lectern/web/api"
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
	// Descriptors is how many files and connections the program may have open; 0 is
	// no bound. Of what Terminals leaves, connections of the page take half at most.
	Descriptors int
	// Terminals is how many the gateway takes in at once.
	Terminals int
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Registry takes the metrics; nil: they are not to be seen.
	Registry prometheus.Registerer
	Log      *slog.Logger
}

// Server is the page.
type Server struct {
	opts     Options
	public   *url.URL
	gateway  api.Gateway
	codes    *codes
	browsers *browsers
	guesses  *guesses
	calls    *calls
	sockets  *sockets
	crowd    *crowd
	metrics  *metrics
	files    map[string]file
	pace     pace

	// ctx ends every WebSocket when the server stops.
	ctx    context.Context
	cancel context.CancelFunc

	mu       sync.Mutex
	stopping bool
	open     sync.WaitGroup // what runs for the WebSockets that enter has let in
}

// New makes a page. It is a Desk at once; Handler wants the gateway.
func New(o Options) (*Server, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	public, err := origin(o.PublicURL)
	if err != nil {
		return nil, fmt.Errorf("read the address of the page: %w", err)
	}
	o.Origins = slices.Clone(o.Origins)
	for i, text := range o.Origins {
		other, err := origin(text)
		if err != nil {
			return nil, fmt.Errorf("read the address of another front end: %w", err)
		}
		o.Origins[i] = other.String()
	}
	files, err := pageFiles()
	if err != nil {
		return nil, err
	}
	kept, err := openBrowsers(o.Path, o.SignInFor, o.Now)
	if err != nil {
		return nil, err
	}
	s := &Server{
		opts: o, public: public, codes: newCodes(o.Now), browsers: kept,
		guesses: newGuesses(o.Now), calls: newCalls(o.Now), sockets: newSockets(), files: files, pace: everyday,
	}
	s.metrics = newMetrics(s.sockets.count)
	s.crowd = newCrowd(o.Descriptors, o.Terminals, s.isProxy, s.metrics, o.Log)
	if err := s.metrics.register(o.Registry); err != nil {
		return nil, errors.Join(fmt.Errorf("register the metrics of the page: %w", err), kept.close())
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s, nil
}

// URL is where browsers reach the page.
func (s *Server) URL() string { return s.public.String() + "/" }

// Close ends every WebSocket, tells their pages that they may come back, and
// waits for what the server has started.
func (s *Server) Close() error {
	s.mu.Lock()
	s.stopping = true
	s.mu.Unlock()
	s.cancel()
	s.open.Wait()
	return s.browsers.close()
}

// route is one call of the API.
type route struct {
	method, path string
	handler      http.HandlerFunc
}

// routes are what openapi.yaml describes.
func (s *Server) routes() []route {
	return []route{
		{http.MethodPost, "/api/sign-in", s.signIn},
		{http.MethodGet, "/api/me", s.call(s.me)},
		{http.MethodDelete, "/api/me", s.call(s.signOut)},
		{http.MethodGet, "/api/courses", s.call(s.courses)},
		{http.MethodGet, "/api/sessions", s.call(s.listSessions)},
		{http.MethodPost, "/api/sessions", s.call(s.startSession)},
		{http.MethodGet, "/api/sessions/{id}", s.call(s.oneSession)},
		{http.MethodDelete, "/api/sessions/{id}", s.call(s.endSession)},
		{http.MethodGet, "/api/sessions/{id}/stages", s.call(s.stagesOfSession)},
		{http.MethodGet, "/api/progress/{login}", s.call(s.progress)},
		{http.MethodGet, "/api/progress/{login}/{course}", s.call(s.progressOfCourse)},
		{http.MethodGet, "/api/openapi.yaml", s.description},
		{http.MethodGet, "/ws", s.asLearner(s.socket)},
		{http.MethodGet, health, s.health},
	}
}

// health is where probes ask.
const health = "/health"

// Handler answers browsers, on behalf of a gateway.
func (s *Server) Handler(gateway api.Gateway) (http.Handler, error) {
	s.gateway = gateway
	mux := http.NewServeMux()
	allowed := make(map[string][]string) // by path
	for _, r := range s.routes() {
		mux.HandleFunc(r.method+" "+r.path, r.handler)
		allowed[r.path] = append(allowed[r.path], r.method)
	}
	for path, methods := range allowed {
		mux.HandleFunc(path, refuseMethod(methods))
	}
	mux.HandleFunc("/api/", func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, http.StatusNotFound, "There is no such call: /api/openapi.yaml describes those that there are.")
	})
	mux.HandleFunc("/", s.serveFile)
	guarded, err := s.guard(mux)
	if err != nil {
		return nil, err
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength != 0 { // whether or not anybody looks at it
			_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(s.pace.body))
		}
		if s.crowd.fills() {
			w.Header().Set("Connection", "close") // which a WebSocket replaces
		}
		// Probes come by the address of a machine, and learn nothing else.
		if r.URL.Path == health && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
			s.health(w, r)
			return
		}
		guarded.ServeHTTP(w, r)
	}), nil
}

func (s *Server) health(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]string{"status": "ok"})
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
func (s *Server) Revoke(login, id string) (gone []string, err error) {
	if id == "" {
		s.codes.forget(login)
	}
	gone, err = s.browsers.revoke(login, id)
	for _, id := range gone {
		s.sockets.end(login, id, errSignedOut)
	}
	return gone, err
}
