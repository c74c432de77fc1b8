package stream

import (
	"io"
	"strings"
	"testing"

	"lectern/proxy/report"
)

// The API counts what it has written at the end of an answer. Who breaks it off
// before has it all the same, and must not have it for nothing.
func TestWhatWasWrittenBeforeABreakIsCounted(t *testing.T) {
	words := strings.Repeat("four", 1000)
	for name, c := range map[string]struct {
		body string
		want int64
	}{
		"text":           {event(start) + open(0, "text") + text(0, words) + text(0, words), 2000},
		"thought":        {event(start) + open(0, "thinking") + event(`{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"`+words+`"}}`), 1000},
		"given to tools": {event(start) + open(0, "tool_use") + event(`{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"`+words+`"}}`), 1000},
		"failed":         {event(start) + open(0, "text") + text(0, words) + event(`{"type":"error","error":{"type":"overloaded_error"}}`), 1000},
		"counted":        {event(start) + open(0, "text") + text(0, words) + event(delta), 57},
		"little":         {event(start) + open(0, "text") + text(0, "a"), 1},
	} {
		for _, lesson := range []bool{true, false} {
			var usage report.Usage
			r := NewReader(io.NopCloser(strings.NewReader(c.body)), sse, lesson, Hear{
				Completed: func(int) {}, Done: func(u report.Usage, _ Outcome) { usage = u },
			})
			if _, err := io.ReadAll(r); err != nil {
				t.Fatal(err)
			}
			if usage.Output != c.want || usage.Input != 12 {
				t.Errorf("%s: %+v, not %d written", name, usage, c.want)
			}
		}
	}
}
