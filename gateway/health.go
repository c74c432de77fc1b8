package gateway

import (
	"context"
	"net/http"
	"time"
)

// readyLimit is how long the backend may take to answer whether it is there.
const readyLimit = 3 * time.Second

// Health answers /healthz, whether this process lives, and /readyz, whether it
// can serve learners: it is not about to stop, and the backend answers.
func (s *Server) Health() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("ok\n"))
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if s.ctx.Err() != nil {
			http.Error(w, "the gateway is shutting down", http.StatusServiceUnavailable)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), readyLimit)
		defer cancel()
		if _, err := s.lifecycle.List(ctx); err != nil {
			s.log.Warn("not ready", "error", err)
			http.Error(w, "the sandboxes cannot be listed", http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte("ok\n"))
	})
	return mux
}
