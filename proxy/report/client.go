package report

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Client is a gateway in another process, which serves Handler.
type Client struct {
	base   string
	secret string
	http   *http.Client
}

// clientTimeout is how long a request may take where its context does not say.
const clientTimeout = 10 * time.Second

// NewClient gives the gateway whose Handler is served at base, an address like
// http://lectern-events.lectern.svc:8081.
func NewClient(base, secret string) *Client {
	return &Client{base: strings.TrimSuffix(base, "/"), secret: secret, http: &http.Client{
		Timeout: clientTimeout,
		// A proxy from the environment would be shown the secret, and so would
		// whoever a redirect names.
		Transport:     &http.Transport{IdleConnTimeout: time.Minute, MaxIdleConnsPerHost: 4},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Close gives up the connections that are not in use.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Record sends the events.
func (c *Client) Record(ctx context.Context, events []Event) error {
	body, err := json.Marshal(events)
	if err != nil {
		return fmt.Errorf("tell the gateway: %w", err)
	}
	if _, err := c.do(ctx, http.MethodPost, eventsPath, body); err != nil {
		return fmt.Errorf("tell the gateway: %w", err)
	}
	return nil
}

// ChargedToday asks what a learner has used of the budget.
func (c *Client) ChargedToday(ctx context.Context, login string) (int64, error) {
	body, err := c.do(ctx, http.MethodGet, chargedPath+"?"+url.Values{"login": {login}}.Encode(), nil)
	var answer struct{ Tokens *int64 }
	if err == nil {
		err = json.Unmarshal(body, &answer)
	}
	if err == nil && answer.Tokens == nil {
		err = errors.New("the answer has no number of tokens; check that proxy.events.url is the gateway's")
	}
	if err != nil {
		return 0, fmt.Errorf("ask the gateway for the tokens used today: %w", err)
	}
	return *answer.Tokens, nil
}

// do sends a request and returns what it is answered with, if that is a success.
func (c *Client) do(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+c.secret)
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	answer, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(io.LimitReader(answer.Body, maxBody))
	if err != nil {
		return nil, err
	}
	if answer.StatusCode/100 != 2 {
		said, _, _ := strings.Cut(string(content), "\n")
		const enough = 300
		return nil, fmt.Errorf("%s: %q", answer.Status, said[:min(len(said), enough)])
	}
	return content, nil
}
