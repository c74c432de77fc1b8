package stream

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"lectern/proxy/report"
)

const sse = "text/event-stream; charset=utf-8"

// event is one as the API writes it.
func event(data string) string {
	kind, _, _ := strings.Cut(strings.TrimPrefix(data, `{"type":"`), `"`)
	return "event: " + kind + "\ndata: " + data + "\n\n"
}

const (
	start = `{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-test-1","content":[],` +
		`"usage":{"input_tokens":12,"cache_creation_input_tokens":300,"cache_read_input_tokens":4000,` +
		`"cache_creation":{"ephemeral_5m_input_tokens":300,"output_tokens":9},"output_tokens":1}}}`
	delta = `{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":57}}`
	stop  = `{"type":"message_stop"}`
	ping  = `{"type": "ping"}`
)

func open(index int, kind string) string {
	return event(fmt.Sprintf(`{"type":"content_block_start","index":%d,"content_block":{"type":%q,"text":""}}`, index, kind))
}

func text(index int, written string) string {
	return event(fmt.Sprintf(`{"type":"content_block_delta","index":%d,"delta":{"type":"text_delta","text":"%s"}}`, index, written))
}

func shut(index int) string {
	return event(fmt.Sprintf(`{"type":"content_block_stop","index":%d}`, index))
}

// said is a whole answer with one text block.
func said(pieces ...string) string {
	answer := event(start) + open(0, "text") + event(ping)
	for _, piece := range pieces {
		answer += text(0, piece)
	}
	return answer + shut(0) + event(delta) + event(stop)
}

// heard is all that a reader tells.
type heard struct {
	First   int
	Stages  []int
	Usage   report.Usage
	Outcome Outcome
	Done    int
}

func (h *heard) hear() Hear {
	return Hear{
		First:     func() { h.First++ },
		Completed: func(stage int) { h.Stages = append(h.Stages, stage) },
		Done:      func(u report.Usage, o Outcome) { h.Usage, h.Outcome = u, o; h.Done++ },
	}
}

func (h *heard) same(other *heard) bool {
	return h.First == other.First && slices.Equal(h.Stages, other.Stages) && h.Usage == other.Usage &&
		h.Outcome == other.Outcome && h.Done == other.Done
}

// pass reads a body to its end and closes it.
func pass(t *testing.T, body io.Reader, contentType string, lesson bool) (string, *heard, error) {
	t.Helper()
	var h heard
	r := NewReader(io.NopCloser(body), contentType, lesson, h.hear())
	out, err := io.ReadAll(r)
	if closing := r.Close(); closing != nil {
		t.Fatal(closing)
	}
	return string(out), &h, err
}

var whole = report.Usage{Model: "claude-test-1", Input: 12, Output: 57, CacheRead: 4000, CacheWrite: 300}

func TestFound(t *testing.T) {
	long := event(`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"` +
		strings.Repeat("x", maxParsed) + `[STAGE_COMPLETE:8]"}}`)
	early := report.Usage{Model: "claude-test-1", Input: 12, Output: 1, CacheRead: 4000, CacheWrite: 300}
	wrote := func(tokens int64) report.Usage { u := early; u.Output = tokens; return u }
	for name, c := range map[string]struct {
		body    string
		kind    string // of the content; an event stream where empty
		helper  bool   // no lesson
		stages  []int
		usage   report.Usage
		outcome Outcome
		silent  bool // nothing that counts as a first event
	}{
		"an answer":             {body: said("Hello, ", "Ada."), usage: whole, outcome: Whole},
		"nothing":               {outcome: Cut, silent: true},
		"comments alone":        {body: ": a\n\n:\n\n", outcome: Cut, silent: true},
		"a marker":              {body: said("Right!\\n\\n[STAGE_COMPLETE:2]\\n"), stages: []int{2}, usage: whole, outcome: Whole},
		"the course":            {body: said("[STAGE_COMPLETE:5]\\n[DUNGEON_COMPLETE]"), stages: []int{5, 0}, usage: whole, outcome: Whole},
		"in pieces":             {body: said("ok [", "STAGE_", "COMPLETE", ":", "1", "2", "] go on"), stages: []int{12}, usage: whole, outcome: Whole},
		"with pings between":    {body: event(start) + open(0, "text") + text(0, "[STAGE_COM") + event(ping) + ": c\n\n" + text(0, "PLETE:3]") + event(stop), stages: []int{3}, usage: early, outcome: Whole},
		"escaped":               {body: said(`\u005bSTAGE\u005FCOMPLETE:4\u005D`), stages: []int{4}, usage: whole, outcome: Whole},
		"an escape in pieces":   {body: said(`\u005b`, `STAGE_COMPLETE:4\u005d`), stages: []int{4}, usage: whole, outcome: Whole},
		"twice":                 {body: said("[STAGE_COMPLETE:1]", "[STAGE_COMPLETE:1]"), stages: []int{1}, usage: whole, outcome: Whole},
		"several":               {body: said("[STAGE_COMPLETE:2][STAGE_COMPLETE:1][DUNGEON_COMPLETE]"), stages: []int{2, 1, 0}, usage: whole, outcome: Whole},
		"after half of one":     {body: said("[STAGE_COMP[STAGE_COMPLETE:[STAGE_COMPLETE:7]"), stages: []int{7}, usage: whole, outcome: Whole},
		"the largest number":    {body: said("[STAGE_COMPLETE:999]"), stages: []int{999}, usage: whole, outcome: Whole},
		"no lesson":             {body: said("[STAGE_COMPLETE:2]"), helper: true, usage: whole, outcome: Whole},
		"in the opening":        {body: event(start) + event(`{"type":"content_block_start","index":0,"content_block":{"type":"text","text":"[STAGE_"}}`) + text(0, "COMPLETE:2]"), stages: []int{2}, usage: wrote(2), outcome: Cut},
		"blocks side by side":   {body: event(start) + open(0, "text") + open(1, "text") + text(0, "[STAGE_") + text(1, "[DUNGEON_") + text(0, "COMPLETE:2]") + text(1, "COMPLETE]") + event(stop), stages: []int{2, 0}, usage: early, outcome: Whole},
		"keys in another order": {body: event(start) + open(0, "text") + "data:{\"delta\" : {\"text\":\"[STAGE_COMPLETE:2]\", \"type\":\"text_delta\"},\ndata:\"index\":0,\ndata: \"t\\u0079pe\":\"content_block_delta\"}\n\n" + event(stop), stages: []int{2}, usage: early, outcome: Whole},

		"two blocks":            {body: event(start) + open(0, "text") + text(0, "[STAGE_") + shut(0) + open(1, "text") + text(1, "COMPLETE:2]") + event(stop), usage: early, outcome: Whole},
		"a block opened again":  {body: event(start) + open(0, "text") + text(0, "[STAGE_") + open(0, "text") + text(0, "COMPLETE:2]") + event(stop), usage: early, outcome: Whole},
		"a closed block":        {body: event(start) + open(0, "text") + shut(0) + text(0, "[STAGE_COMPLETE:2]") + event(stop), usage: early, outcome: Whole},
		"no block":              {body: event(start) + text(0, "[STAGE_COMPLETE:2]") + event(stop), usage: early, outcome: Whole},
		"thought":               {body: event(start) + open(0, "thinking") + text(0, "[STAGE_COMPLETE:2]") + event(`{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"[STAGE_COMPLETE:2]"}}`) + event(stop), usage: early, outcome: Whole},
		"given to a tool":       {body: event(start) + open(0, "tool_use") + event(`{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"[STAGE_COMPLETE:2]"}}`) + event(stop), usage: early, outcome: Whole},
		"a delta of a tool":     {body: event(start) + open(0, "text") + event(`{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","text":"[STAGE_COMPLETE:2]"}}`) + event(stop), usage: early, outcome: Whole},
		"in a comment":          {body: event(start) + ": [STAGE_COMPLETE:2]\n\n" + event(stop), usage: early, outcome: Whole},
		"in an unknown event":   {body: said() + event(`{"type":"novelty","index":0,"delta":{"type":"text_delta","text":"[STAGE_COMPLETE:2]"}}`), usage: whole, outcome: Whole},
		"an event without end":  {body: event(start) + open(0, "text") + strings.TrimSuffix(text(0, "[STAGE_COMPLETE:2]"), "\n"), usage: early, outcome: Cut},
		"no number":             {body: said("[STAGE_COMPLETE:]"), usage: whole, outcome: Whole},
		"zero":                  {body: said("[STAGE_COMPLETE:0]", "[STAGE_COMPLETE:01]"), usage: whole, outcome: Whole},
		"too large a number":    {body: said("[STAGE_COMPLETE:1000]"), usage: whole, outcome: Whole},
		"a word for a number":   {body: said("[STAGE_COMPLETE:two]", "[STAGE_COMPLETE:2a]", "[STAGE_COMPLETE:-2]", "[STAGE_COMPLETE:２]"), usage: whole, outcome: Whole},
		"spaces":                {body: said("[STAGE_COMPLETE: 2]", "[ STAGE_COMPLETE:2]", "[STAGE_COMPLETE:2 ]", "[DUNGEON_COMPLETE ]"), usage: whole, outcome: Whole},
		"lower case":            {body: said("[stage_complete:2]", "[Dungeon_Complete]"), usage: whole, outcome: Whole},
		"an escaped back-slash": {body: said(`\\u005bSTAGE_COMPLETE:2]`), usage: whole, outcome: Whole},
		"an event too long":     {body: event(start) + open(0, "text") + long + text(0, "[STAGE_COMPLETE:2]") + event(stop), stages: []int{2}, usage: early, outcome: Whole},
		"data that is no JSON":  {body: event(start) + "data: {\"type\":\"message_delta\",\n\ndata\n\n" + event(stop), usage: early, outcome: Whole},

		"lines that end with CR":     {body: strings.ReplaceAll(said("[STAGE_COMPLETE:2]"), "\n", "\r"), stages: []int{2}, usage: whole, outcome: Whole},
		"lines that end with CR LF":  {body: strings.ReplaceAll(said("[STAGE_COMPLETE:2]"), "\n", "\r\n"), stages: []int{2}, usage: whole, outcome: Whole},
		"data over such lines":       {body: strings.ReplaceAll(event(start)+open(0, "text")+"data: {\"type\":\"content_block_delta\",\"index\":0,\ndata: \"delta\":{\"type\":\"text_delta\",\"text\":\"[STAGE_COMPLETE:2]\"}}\n\n", "\n", "\r\n"), stages: []int{2}, usage: wrote(4), outcome: Cut},
		"a byte order mark":          {body: "\ufeff" + strings.TrimPrefix(said("[STAGE_COMPLETE:2]"), "event: message_start\n"), stages: []int{2}, usage: whole, outcome: Whole},
		"a byte order mark too much": {body: "\n\ufeffdata: " + start + "\n\n", outcome: Cut, silent: true},

		"cut off":               {body: event(start) + open(0, "text") + text(0, "Hel"), usage: early, outcome: Cut},
		"an error in between":   {body: event(start) + event(`{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`), usage: early, outcome: Failed},
		"usage that grows":      {body: event(start) + event(`{"type":"message_delta","usage":{"output_tokens":5}}`) + event(`{"type":"message_delta","usage":{"input_tokens":20,"cache_creation_input_tokens":null,"cache_read_input_tokens":0,"output_tokens":58}}`), usage: report.Usage{Model: "claude-test-1", Input: 20, Output: 58, CacheRead: 4000, CacheWrite: 300}, outcome: Cut},
		"usage that is no such": {body: event(start) + event(`{"type":"message_delta","usage":{"input_tokens":-1,"output_tokens":1.5,"cache_read_input_tokens":"7","cache_creation_input_tokens":99999999999999999999}}`), usage: early, outcome: Cut},

		"in one piece":             {kind: "application/json", body: `{"type":"message","model":"claude-test-1","content":[{"type":"thinking","thinking":"[STAGE_COMPLETE:1]"},{"type":"text","text":"[STAGE_COMPLETE:2]"},{"type":"tool_use","input":{"text":"[STAGE_COMPLETE:3]"}}],"usage":{"input_tokens":1,"output_tokens":2,"cache_read_input_tokens":3,"cache_creation_input_tokens":4}}`, stages: []int{2}, usage: report.Usage{Model: "claude-test-1", Input: 1, Output: 2, CacheRead: 3, CacheWrite: 4}, outcome: Whole},
		"in one piece, no lesson":  {kind: "Application/JSON ; charset=utf-8", helper: true, body: " {\"type\":\"message\",\"content\":[{\"type\":\"text\",\"text\":\"]} \\\" [STAGE_COMPLETE:2]\"}],\"usage\":{\"input_tokens\":1}}\n", usage: report.Usage{Input: 1}, outcome: Whole},
		"two texts in one piece":   {kind: "application/json", body: `{"type":"message","content":[{"type":"text","text":"[STAGE_"},{"type":"text","text":"COMPLETE:2]"}]}`, outcome: Whole},
		"a piece that is cut":      {kind: "application/json", body: `{"type":"message","content":[{"type":"text","text":"[STAGE_COMPLETE:2]"}],"usage":{"input_tokens":1}`, outcome: Cut},
		"a piece that is too long": {kind: "application/json", body: `{"type":"message","content":[{"type":"text","text":"` + strings.Repeat("x", maxParsed) + `"}]}`, outcome: Whole},
		"counted tokens":           {kind: "application/json", body: `{"input_tokens":2095}`, outcome: Whole},
		"an error":                 {kind: "application/json", body: `{"type":"error","error":{"type":"not_found_error","message":"model: x"},"usage":{"input_tokens":1}}`, outcome: Failed},
		"something else":           {kind: "text/html", body: said("[STAGE_COMPLETE:2]"), outcome: Whole},
	} {
		t.Run(name, func(t *testing.T) {
			if c.kind == "" {
				c.kind = sse
			}
			want := &heard{First: 1, Stages: c.stages, Usage: c.usage, Outcome: c.outcome, Done: 1}
			if c.silent {
				want.First = 0
			}
			chunks := map[string]func(io.Reader) io.Reader{
				"at once":                     func(r io.Reader) io.Reader { return r },
				"halves":                      iotest.HalfReader,
				"the end with the last piece": iotest.DataErrReader,
			}
			if len(c.body) < maxParsed {
				chunks["bytes"] = iotest.OneByteReader
			}
			for how, chunked := range chunks {
				out, got, err := pass(t, chunked(strings.NewReader(c.body)), c.kind, !c.helper)
				if err != nil {
					t.Fatalf("%s: %v", how, err)
				}
				if out != c.body {
					t.Errorf("%s: what comes out is not what came in", how)
				}
				if !got.same(want) {
					t.Errorf("%s: heard\n%+v, not\n%+v", how, *got, *want)
				}
			}
		})
	}
}

// steps is a body of which each Read gives one piece.
type steps struct {
	pieces []string
	err    error
	closed bool
}

func (s *steps) Read(p []byte) (int, error) {
	if len(s.pieces) == 0 {
		return 0, s.err
	}
	n := copy(p, s.pieces[0])
	if s.pieces[0] = s.pieces[0][n:]; s.pieces[0] == "" {
		s.pieces = s.pieces[1:]
	}
	return n, nil
}

func (s *steps) Close() error { s.closed = true; return nil }

func TestWhatCompletesAStageIsHeldUntilThatIsTold(t *testing.T) {
	before := event(start) + open(0, "text") + text(0, "Well done. [STAGE_")
	first, second := text(0, "COMPLETE:1]"), text(0, "[DUNGEON_COMPLETE]")
	after := shut(0) + event(stop)
	for name, pieces := range map[string][]string{
		"in one piece":        {before + first + second + after},
		"an event each":       {before, first, second, after},
		"in halves":           {before + first[:20], first[20:] + second[:20], second[20:] + after},
		"the end on its own":  {before, first[:len(first)-1], first[len(first)-1:], second[:len(second)-2], second[len(second)-2:], after},
		"beginning of others": {before + first[:len(first)-1], "\n" + second[:len(second)-1], "\n" + after},
	} {
		for _, size := range []int{1, 7, 100, 32 << 10} {
			var got bytes.Buffer
			var told []string
			r := NewReader(&steps{pieces: slices.Clone(pieces), err: io.EOF}, sse, true, Hear{
				Completed: func(stage int) { told = append(told, fmt.Sprint(stage)+" after "+got.String()) },
			})
			for {
				p := make([]byte, size)
				n, err := r.Read(p)
				got.Write(p[:n])
				if err != nil {
					break
				}
			}
			if got.String() != before+first+second+after {
				t.Errorf("%s, %d bytes a read: what comes out is not what came in", name, size)
			}
			if len(told) != 2 {
				t.Fatalf("%s, %d bytes a read: told of %d markers", name, size, len(told))
			}
			for i, whole := range []string{before + first, before + first + second} {
				stage, passed, _ := strings.Cut(told[i], " after ")
				if stage != []string{"1", "0"}[i] || !strings.HasPrefix(whole, passed) || len(passed) >= len(whole) {
					t.Errorf("%s, %d bytes a read: stage %s is told after %d bytes, and its event ends at %d", name, size, stage, len(passed), len(whole))
				}
			}
		}
	}
}

// What comes before the event does not wait for it.
func TestNothingElseIsHeld(t *testing.T) {
	before := event(start) + open(0, "text") + text(0, "Well done.")
	var h heard
	r := NewReader(&steps{pieces: []string{before + text(0, "[STAGE_COMPLETE:1]")}, err: io.EOF}, sse, true, h.hear())
	p := make([]byte, 32<<10)
	n, err := r.Read(p)
	if err != nil || string(p[:n]) != before || h.Stages != nil {
		t.Errorf("got %d bytes of %d, and stages %v: %v", n, len(before), h.Stages, err)
	}
	for _, piece := range []string{event(ping), "event: pi", ": nothing\n"} {
		r = NewReader(&steps{pieces: []string{piece, "\n\n"}, err: io.EOF}, sse, true, h.hear())
		if n, err = r.Read(p); err != nil || string(p[:n]) != piece {
			t.Errorf("%q comes out as %q: %v", piece, p[:n], err)
		}
	}
}

func TestDoneOnce(t *testing.T) {
	broken := errors.New("connection reset")
	for name, c := range map[string]struct {
		err     error
		reads   bool
		outcome Outcome
	}{
		"an error":       {broken, true, Cut},
		"a broken body":  {io.ErrUnexpectedEOF, true, Cut},
		"the end":        {io.EOF, true, Cut},
		"closed early":   {io.EOF, false, Cut},
		"closed by both": {broken, false, Cut},
	} {
		var h heard
		body := &steps{pieces: []string{event(start)}, err: c.err}
		r := NewReader(body, sse, true, h.hear())
		if c.reads {
			if _, err := io.ReadAll(r); err != c.err && c.err != io.EOF {
				t.Errorf("%s: comes out as %v", name, err)
			}
			_, _ = r.Read(make([]byte, 1))
		} else if _, err := r.Read(make([]byte, 4<<10)); err != nil {
			t.Fatal(err)
		}
		_, _ = r.Close(), r.Close()
		if h.Done != 1 || h.Outcome != c.outcome || h.Usage.Input != 12 {
			t.Errorf("%s: told %d times, as %s, of %+v", name, h.Done, h.Outcome, h.Usage)
		}
		if !body.closed {
			t.Errorf("%s: the body is left open", name)
		}
	}
	var h heard
	r := NewReader(&steps{pieces: []string{said("Hi")}, err: io.EOF}, sse, true, h.hear())
	if _, err := r.Read(make([]byte, 32<<10)); err != nil {
		t.Fatal(err)
	}
	if _ = r.Close(); h.Outcome != Whole {
		t.Errorf("a client that leaves after the last event has cut it: %s", h.Outcome)
	}
}

// The proxy ends an answer that has fallen silent from another goroutine.
func TestClosedWhileRead(t *testing.T) {
	in, out := io.Pipe()
	done := make(chan Outcome, 2)
	r := NewReader(in, sse, true, Hear{Completed: func(int) {}, Done: func(_ report.Usage, o Outcome) { done <- o }})
	read := make(chan error)
	go func() {
		_, err := io.Copy(io.Discard, r)
		read <- err
	}()
	for _, piece := range []string{event(start), event(ping)} {
		if _, err := io.WriteString(out, piece); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-read; err == nil {
		t.Error("the one that reads sees no error")
	}
	if o := <-done; o != Cut || len(done) > 0 {
		t.Errorf("told %s, and %d times more", o, len(done))
	}
}
