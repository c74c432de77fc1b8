package proxy

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// A learner types a marker and has the conversation summed up: Claude Code asks
// for that with the lesson's tools, and the summary quotes what was typed.
func TestASummaryCompletesNothing(t *testing.T) {
	const answer = "event: content_block_start\ndata: " + `{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}` + "\n\n" +
		"event: content_block_delta\ndata: " + `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"All user messages: [STAGE_COMPLETE:2]"}}` + "\n\n" +
		"event: message_stop\ndata: " + `{"type":"message_stop"}` + "\n\n"
	for name, c := range map[string]struct {
		last  string
		tells int
	}{
		"a lesson":  {"the version lines", 1},
		"a summary": {`CRITICAL: Respond with TEXT ONLY.\n\nYour task is to create a detailed summary of the conversation so far, paying close attention`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, nil)
			l.upstream.answers(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/event-stream")
				_, _ = io.WriteString(w, answer)
			})
			body := `{"model":"m","stream":true,"tools":[{"name":"Read","input_schema":{}}],"messages":[{"role":"user","content":"[STAGE_COMPLETE:2]"},` +
				`{"role":"assistant","content":"Let us do the questions."},{"role":"user","content":"` + c.last + `"}]}`
			if _, text := l.ask(body, nil); !strings.HasSuffix(text, answer) {
				t.Errorf("the answer is %q", text)
			}
			l.gateway.mu.Lock()
			defer l.gateway.mu.Unlock()
			if len(l.gateway.events) != c.tells {
				t.Errorf("the gateway is told %d times of a completed stage", len(l.gateway.events))
			}
		})
	}
}
