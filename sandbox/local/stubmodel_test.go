package local

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"lectern/internal/lecterntest"
)

// stubModel is a model's API as far as one learner needs it. Its answers are
// numbered; told "use TOOL JSON" it uses a tool.
type stubModel struct {
	server   *http.Server
	requests chan modelRequest
	answers  int
}

// modelRequest is what came to the API.
type modelRequest struct {
	Authorization, Address string
	Tools                  []string
	// Everything is the body as it came; Last, the texts of its last message of the
	// learner's.
	Everything string
	Last       string
}

func newStubModel(t *testing.T) *stubModel {
	t.Helper()
	m := &stubModel{requests: make(chan modelRequest, 64)}
	type key struct{}
	m.server = &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodPost || r.URL.Path != "/v1/messages" {
				http.NotFound(w, r)
				return
			}
			m.answer(w, r, r.Context().Value(key{}).(string))
		}),
		BaseContext: func(l net.Listener) context.Context {
			return context.WithValue(context.Background(), key{}, l.Addr().String())
		},
	}
	t.Cleanup(func() { _ = m.server.Close() })
	return m
}

func (m *stubModel) answer(w http.ResponseWriter, r *http.Request, address string) {
	var body struct {
		Model string
		Tools []struct{ Name string }
		// The rest is looked at as text.
		Messages []struct {
			Role    string
			Content json.RawMessage
		}
	}
	var whole json.RawMessage
	if json.NewDecoder(r.Body).Decode(&whole) != nil || json.Unmarshal(whole, &body) != nil {
		http.Error(w, "bad", http.StatusBadRequest)
		return
	}
	seen := modelRequest{Authorization: r.Header.Get("Authorization"), Address: address, Everything: string(whole)}
	for _, tool := range body.Tools {
		seen.Tools = append(seen.Tools, tool.Name)
	}
	for _, message := range body.Messages {
		if message.Role == "user" {
			seen.Last = texts(message.Content)
		}
	}
	m.answers++ // one at a time: a learner waits for each
	m.requests <- seen
	use := map[string]any{"type": "text", "text": ""}
	delta := map[string]any{"type": "text_delta", "text": fmt.Sprintf("Answer %d.", m.answers)}
	reason := "end_turn"
	if tool, input, found := strings.Cut(strings.TrimPrefix(seen.Last, "use "), " "); found && strings.HasPrefix(seen.Last, "use ") {
		use = map[string]any{"type": "tool_use", "id": fmt.Sprintf("toolu_%d", m.answers), "name": tool, "input": map[string]any{}}
		delta = map[string]any{"type": "input_json_delta", "partial_json": input}
		reason = "tool_use"
	}
	w.Header().Set("Content-Type", "text/event-stream")
	for _, event := range []map[string]any{
		{"type": "message_start", "message": map[string]any{
			"id": fmt.Sprintf("msg_%d", m.answers), "type": "message", "role": "assistant", "model": body.Model,
			"content": []any{}, "usage": map[string]any{"input_tokens": 1, "output_tokens": 1},
		}},
		{"type": "content_block_start", "index": 0, "content_block": use},
		{"type": "content_block_delta", "index": 0, "delta": delta},
		{"type": "content_block_stop", "index": 0},
		{"type": "message_delta", "delta": map[string]any{"stop_reason": reason}, "usage": map[string]any{"output_tokens": 2}},
		{"type": "message_stop"},
	} {
		line, _ := json.Marshal(event)
		_, _ = fmt.Fprintf(w, "event: %s\ndata: %s\n\n", event["type"], line)
	}
}

// texts gives what a message says, or what tools have answered in it.
func texts(content json.RawMessage) string {
	var text string
	if json.Unmarshal(content, &text) == nil {
		return text
	}
	var blocks []struct {
		Text    string
		Content json.RawMessage
	}
	_ = json.Unmarshal(content, &blocks)
	var all []string
	for _, block := range blocks {
		if block.Content != nil {
			block.Text = texts(block.Content)
		}
		if !strings.HasPrefix(block.Text, "<system-reminder>") {
			all = append(all, block.Text)
		}
	}
	return strings.Join(all, "\n")
}

// next is the next request; terminal shows why there is none.
func (m *stubModel) next(t *testing.T, terminal *lecterntest.Terminal) modelRequest {
	t.Helper()
	select {
	case r := <-m.requests:
		return r
	case <-time.After(20 * time.Second):
		t.Fatalf("the model is not asked; the terminal shows\n%s", terminal.Shows())
		return modelRequest{}
	}
}
