package proxy

import (
	"context"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"lectern/proxy/stream"
)

const (
	// silence is how long an upstream that streams may say nothing, or a client
	// take nothing. The API sends pings, and Claude Code waits no longer.
	silence = 5 * time.Minute
	// maxError is many times what an error of the API takes.
	maxError = 64 << 10
)

// forward asks the upstream and passes its answer on.
//
// It makes the request anew. A ReverseProxy copies what the client sent and
// takes out what is known to be bad, and passes trailers, 1xx answers and
// upgrades on; here nothing is copied that is not on a list, so there would be
// more to switch off than to use.
func (p *Proxy) forward(c *call, w http.ResponseWriter, r *http.Request, body *body, key string) *refusal {
	ctx := r.Context()
	res, err := p.api.ask(ctx, question{p.targets[c.route][c.query], headerUp(r.Header, key), body.bytes, body.free})
	if err != nil {
		return p.unreached(c, ctx, err)
	}
	defer func() { _ = res.Body.Close() }()
	c.answer.upstreamID = res.Header.Get("Request-Id")
	kind, refused := acceptable(res)
	if refused != nil {
		p.log.Error("the upstream's answer is none of the model's API", "status", res.StatusCode, "reason", refused.message)
		return refused
	}
	if res.StatusCode != http.StatusOK {
		return p.passError(c, w, res, key)
	}
	answer := res.Body
	if c.route == messages {
		answer = stream.NewReader(res.Body, kind, c.asked.lesson, p.hear(ctx, c))
		defer func() { _ = answer.Close() }()
	}
	headerDown(w.Header(), res.Header, key)
	if res.ContentLength >= 0 {
		w.Header()["Content-Length"] = res.Header["Content-Length"]
	}
	c.status = http.StatusOK
	w.WriteHeader(http.StatusOK)
	if err := relay(w, answer); err != nil {
		c.answer.broken = err
		if ctx.Err() != nil {
			c.answer.broken = context.Cause(ctx)
		}
		panic(http.ErrAbortHandler) // or the client would take what it has for all
	}
	return nil
}

var errSilent = errors.New("the upstream has sent nothing for " + silence.String())

// unreached says why there is no answer. A client that has gone hears nothing.
func (p *Proxy) unreached(c *call, ctx context.Context, err error) *refusal {
	if ctx.Err() != nil {
		c.answer.broken = context.Cause(ctx)
		c.status = statusGone
		panic(http.ErrAbortHandler)
	}
	p.log.Error("the model's API does not answer", "error", err)
	var network net.Error
	if errors.As(err, &network) && network.Timeout() {
		return unavailable(http.StatusGatewayTimeout, upstreamSilent, "The model's API has not answered in time: try again in a moment.")
	}
	return unavailable(http.StatusBadGateway, upstreamDown, "The model's API cannot be reached from the lab: try again in a moment, and tell your instructor if it stays so.")
}

// statusGone is what nginx logs for a client that did not wait.
const statusGone = 499

// acceptable refuses an answer that is none of the API's, which could go
// unmetered or elsewhere, and tells the type of one that is.
func acceptable(res *http.Response) (kind string, refused *refusal) {
	kind, _, _ = mime.ParseMediaType(res.Header.Get("Content-Type"))
	encoding := res.Header.Get("Content-Encoding")
	switch {
	case res.StatusCode == http.StatusSwitchingProtocols, res.StatusCode >= 300 && res.StatusCode < 400:
		return "", unavailable(http.StatusBadGateway, upstreamOdd, "The model's API sends the lab elsewhere, where it does not go: tell your instructor.")
	case encoding != "" && !strings.EqualFold(encoding, "identity"):
		return "", unavailable(http.StatusBadGateway, upstreamOdd, "The model's API has answered in an encoding that the lab did not ask for: tell your instructor.")
	case res.StatusCode < 400 && (res.StatusCode != http.StatusOK || kind != "text/event-stream" && kind != "application/json"):
		return "", unavailable(http.StatusBadGateway, upstreamOdd, "What has answered the lab is not the model's API: tell your instructor.")
	}
	return kind, nil
}

// passError passes an error of the API on as it is: Claude Code goes by its
// words. One that quotes the key is not for the sandbox, nor is one about the key,
// at which Claude Code would ask the learner to log in.
func (p *Proxy) passError(c *call, w http.ResponseWriter, res *http.Response, key string) *refusal {
	if about, is := map[int]reason{http.StatusUnauthorized: keyUnknown, http.StatusForbidden: keyForbidden}[res.StatusCode]; is {
		p.log.Error("the model's API refuses the lab's key; look at proxy.api_key_file", "status", res.StatusCode, "upstream_request", c.answer.upstreamID)
		f := unavailable(http.StatusBadGateway, about, "The model's API refuses the lab's key: tell your instructor.")
		f.neverRetry = true
		return f
	}
	text, err := io.ReadAll(io.LimitReader(res.Body, maxError+1))
	if err != nil || len(text) > maxError || strings.Contains(string(text), key) {
		p.log.Error("an error of the model's API cannot be passed on", "status", res.StatusCode, "upstream_request", c.answer.upstreamID)
		return unavailable(http.StatusBadGateway, upstreamOdd, "The model's API has answered with an error that cannot be shown: tell your instructor.")
	}
	headerDown(w.Header(), res.Header, key)
	c.status = res.StatusCode
	w.WriteHeader(res.StatusCode)
	_, _ = w.Write(text) // a client that has gone needs no answer
	return nil
}

// pieces are the buffers through which answers pass.
var pieces = sync.Pool{New: func() any { return new([32 << 10]byte) }}

// relay gives each piece of an answer on as soon as it is there.
func relay(w http.ResponseWriter, from io.Reader) error {
	to := http.NewResponseController(w)
	defer func() { _ = to.SetWriteDeadline(time.Time{}) }()
	piece, _ := pieces.Get().(*[32 << 10]byte)
	defer pieces.Put(piece)
	for {
		n, err := from.Read(piece[:])
		if n > 0 {
			_ = to.SetWriteDeadline(time.Now().Add(silence)) // no connection that we serve lacks it
			if _, err := w.Write(piece[:n]); err != nil {
				return err
			}
			if err := to.Flush(); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
