package probe

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Asking is a question to the model's API that costs nothing: how many tokens a
// text has.
type Asking struct {
	// URL is the API proxy's.
	URL   string `json:"url"`
	Token string `json:"token"`
	Model string `json:"model"`
}

// Said is the answer to it.
type Said struct {
	// Status is 0 where nobody has answered.
	Status int `json:"status"`
	// Text is the first of the answer, or why there is none.
	Text string `json:"text"`
}

const (
	modelLimit = 20 * time.Second
	maxSaid    = 2 << 10
)

// ServeAsking reads an Asking and writes what was Said.
func ServeAsking(ctx context.Context, in io.Reader, out io.Writer) error {
	var a Asking
	if err := json.NewDecoder(io.LimitReader(in, maxQuestion)).Decode(&a); err != nil {
		return fmt.Errorf("read the question: %w", err)
	}
	return json.NewEncoder(out).Encode(a.Ask(ctx))
}

// Ask asks once.
func (a Asking) Ask(ctx context.Context) Said {
	ctx, cancel := context.WithTimeout(ctx, modelLimit)
	defer cancel()
	body, err := json.Marshal(map[string]any{
		"model": a.Model, "messages": []map[string]string{{"role": "user", "content": "Hello"}},
	})
	if err != nil {
		return Said{Text: err.Error()}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(a.URL, "/")+"/v1/messages/count_tokens", bytes.NewReader(body))
	if err != nil {
		return Said{Text: err.Error()}
	}
	request.Header.Set("Authorization", "Bearer "+a.Token)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Anthropic-Version", "2023-06-01")
	// The way of a tutor: past whatever proxy the environment names, and once.
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(request)
	if err != nil {
		return Said{Text: reason(err)}
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxSaid))
	if err != nil {
		return Said{Status: answer.StatusCode, Text: reason(err)}
	}
	return Said{Status: answer.StatusCode, Text: string(text)}
}
