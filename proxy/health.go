package proxy

import (
	"context"
	"net/http"
)

// Health answers /healthz, whether this process lives, and /readyz, whether it
// could pass a request on: it is not about to stop, has a key, and knows what
// was used where that is limited. It belongs on a port that sandboxes do not
// reach.
func (p *Proxy) Health() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("ok\n"))
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if lack := p.lacks(r.Context()); lack != "" {
			http.Error(w, lack, http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte("ok\n"))
	})
	return mux
}

// lacks says what is missing for a request to be passed on, or nothing.
func (p *Proxy) lacks(ctx context.Context) string {
	p.mu.Lock()
	stopping := p.stopping
	p.mu.Unlock()
	if stopping {
		return "the proxy is shutting down"
	}
	if _, err := p.Key.Key(); err != nil {
		p.log.Warn("not ready: the API key cannot be had", "error", err)
		return "there is no API key"
	}
	if p.TokensPerDay == 0 {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	// Any login will do: the answer counts, not the number.
	if _, err := p.Gateway.ChargedToday(ctx, "readyz"); err != nil {
		p.log.Warn("not ready: the gateway does not answer", "error", err)
		return "the gateway does not answer"
	}
	return ""
}
