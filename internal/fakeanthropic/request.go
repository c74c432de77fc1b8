package fakeanthropic

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
)

// Request is what a client has asked.
type Request struct {
	Method string
	// Path is as it stands in the request, with its query.
	Path   string
	Header http.Header
	Body   []byte

	// What follows is read from the body, where that can be.

	Model  string
	Stream bool
	// Tools are the names of those that the model may use, as they come.
	Tools []string
	// Said is what the user said last. What Claude Code adds for the model alone
	// is not in it.
	Said string
	// Result is what the tools have given that the model asked for last.
	Result string

	asksJSON bool
	schema   object
	problem  string // what the API would say of the body
}

// noLimit is what is said of a body without max_tokens, which only an answer
// needs.
const noLimit = "max_tokens: Field required"

// conversation is as much of a body as matters here.
type conversation struct {
	Model     string                  `json:"model"`
	MaxTokens int                     `json:"max_tokens"`
	Stream    bool                    `json:"stream"`
	System    json.RawMessage         `json:"system"`
	Messages  []message               `json:"messages"`
	Tools     []struct{ Name string } `json:"tools"`
	Output    struct {
		Format struct {
			Type   string `json:"type"`
			Schema object `json:"schema"`
		} `json:"format"`
	} `json:"output_config"`
}

type message struct {
	Role    string  `json:"role"`
	Content content `json:"content"`
}

// content is a text, or blocks.
type content []block

type block struct {
	Type    string  `json:"type"`
	Text    string  `json:"text"`
	Content content `json:"content"` // of a tool's result
}

func (c *content) UnmarshalJSON(data []byte) error {
	if bytes.HasPrefix(data, []byte(`"`)) {
		*c = content{{Type: "text"}}
		return json.Unmarshal(data, &(*c)[0].Text)
	}
	return json.Unmarshal(data, (*[]block)(c))
}

// text is all of it that is text.
func (c content) text() string {
	var all []string
	for _, b := range c {
		if b.Type == "text" {
			all = append(all, b.Text)
		}
	}
	return strings.Join(all, "\n")
}

// read takes a request in, whatever it may be. The error is that of the body.
func read(body io.Reader, r *http.Request) (Request, error) {
	request := Request{Method: r.Method, Path: r.RequestURI, Header: r.Header.Clone()}
	var err error
	if request.Body, err = io.ReadAll(body); err != nil {
		return request, err
	}
	var c conversation
	if err := json.Unmarshal(request.Body, &c); err != nil {
		request.problem = "The request body is not valid JSON: " + err.Error()
		return request, nil
	}
	request.Model, request.Stream, request.schema = c.Model, c.Stream, c.Output.Format.Schema
	for _, tool := range c.Tools {
		request.Tools = append(request.Tools, tool.Name)
	}
	switch {
	case c.Model == "":
		request.problem = "model: Field required"
	case len(c.Messages) == 0:
		request.problem = "messages: Field required"
	case c.MaxTokens <= 0:
		request.problem = noLimit
	}
	first := len(c.Messages)
	for first > 0 && c.Messages[first-1].Role != "assistant" {
		first--
	}
	for _, m := range c.Messages[first:] {
		if m.Role != "user" { // Claude Code also has messages of the role system
			continue
		}
		for _, b := range m.Content {
			switch b.Type {
			case "text":
				request.Said = join(request.Said, spoken(b.Text))
			case "tool_result":
				request.Result = join(request.Result, b.Content.text())
			}
		}
	}
	request.asksJSON = c.Output.Format.Type == "json_schema" ||
		strings.Contains(string(c.System), "JSON") || strings.Contains(request.Said, "JSON")
	return request, nil
}

func join(a, b string) string { return strings.TrimSpace(a + "\n" + b) }

// spoken leaves out what Claude Code has written into a user's words, for
// instance the whole of CLAUDE.md.
func spoken(text string) string {
	for {
		before, rest, found := strings.Cut(text, "<system-reminder>")
		if !found {
			return text
		}
		_, after, _ := strings.Cut(rest, "</system-reminder>")
		text = before + after
	}
}

type requestKey struct{}

func with(ctx context.Context, r Request) context.Context {
	return context.WithValue(ctx, requestKey{}, r)
}

func from(ctx context.Context) Request {
	r, _ := ctx.Value(requestKey{}).(Request)
	return r
}

func (a *API) note(r Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.requests = append(a.requests, r)
	close(a.arrived)
	a.arrived = make(chan struct{})
}

// Requests are all that have come, in their order.
func (a *API) Requests() []Request {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.requests)
}

// Await waits for a request that is wanted, which may have come before.
func (a *API) Await(ctx context.Context, wanted func(Request) bool) (Request, error) {
	for seen := 0; ; {
		a.mu.Lock()
		requests, arrived := a.requests, a.arrived
		a.mu.Unlock()
		for ; seen < len(requests); seen++ {
			if wanted(requests[seen]) {
				return requests[seen], nil
			}
		}
		select {
		case <-arrived:
		case <-ctx.Done():
			return Request{}, fmt.Errorf("no such request among the %d that came: %w", seen, ctx.Err())
		}
	}
}
