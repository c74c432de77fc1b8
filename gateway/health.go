package gateway

import (
	"context"
	"errors"
	"net/http"
)

// Health answers /healthz, whether this process lives, and /readyz, whether it
// can serve learners: it is not about to stop, and the backend has answered
// within the last seconds, itself and not out of what is remembered of it.
func (s *Server) Health() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("ok\n"))
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if lack := s.lacks(r.Context()); lack != "" {
			http.Error(w, lack, http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte("ok\n"))
	})
	return mux
}

// lacks says what is missing for learners to be served, or nothing. The page is
// for everybody who gets to its port, so the details are in the log.
func (s *Server) lacks(ctx context.Context) string {
	if s.ctx.Err() != nil {
		return "the gateway is shutting down"
	}
	_, err := s.census.take(ctx)
	switch {
	case err == nil:
		return ""
	case ctx.Err() != nil:
		return "whoever has asked did not wait for the answer"
	}
	s.log.Warn("not ready: the sandboxes cannot be listed", "error", err)
	if errors.Is(err, context.DeadlineExceeded) {
		return "the backend of the sandboxes does not answer within " + censusLimit.String()
	}
	return "the backend of the sandboxes does not answer: the gateway's log says why"
}
