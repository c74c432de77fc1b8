package fakeanthropic

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
)

// piece is what is sent of a stream at a time.
type piece struct {
	data []byte
	// pause has the step's Pause come before it, and cut the connection end in
	// its place.
	pause, cut bool
}

// pieces is the answer as a stream.
func (a *answer) pieces(step Step) []piece {
	var all []piece
	add := func(kind string, fields object) { all = append(all, piece{data: event(kind, fields)}) }
	delta := func(index int, delta object) {
		add("content_block_delta", object{"index": index, "delta": delta})
	}
	begun := *a
	begun.Content, begun.StopReason, begun.Usage.Output = []object{}, nil, 1
	add("message_start", object{"message": begun})
	for i, block := range a.Content {
		switch block["type"] {
		case "thinking":
			add("content_block_start", object{"index": i, "content_block": object{"type": "thinking", "thinking": "", "signature": ""}})
			delta(i, object{"type": "thinking_delta", "thinking": block["thinking"]})
			delta(i, object{"type": "signature_delta", "signature": signature})
		case "text":
			add("content_block_start", object{"index": i, "content_block": object{"type": "text", "text": ""}})
			add("ping", nil)
			for at, text := range step.Text {
				delta(i, object{"type": "text_delta", "text": text})
				all[len(all)-1].pause = at == 1
			}
			if step.Break != nil {
				return append(all, broken(*step.Break))
			}
		case "tool_use":
			add("content_block_start", object{"index": i, "content_block": object{"type": "tool_use", "id": block["id"], "name": block["name"], "input": object{}}})
			input := marshal(block["input"])
			half := len(input) / 2
			for _, part := range []string{"", input[:half], input[half:]} {
				delta(i, object{"type": "input_json_delta", "partial_json": part})
			}
		}
		add("content_block_stop", object{"index": i})
	}
	add("message_delta", object{"delta": object{"stop_reason": a.StopReason, "stop_sequence": nil}, "usage": a.Usage})
	add("message_stop", nil)
	return all
}

// broken is how a stream ends before its time.
func broken(f Failure) piece {
	if f.Type == "" {
		return piece{cut: true}
	}
	return piece{data: event("error", f.shape(""))}
}

// event is one in the API's form, where the type comes first.
func event(kind string, fields object) []byte {
	delete(fields, "type")
	data := "event: " + kind + "\ndata: {\"type\":\"" + kind + `"`
	if len(fields) > 0 {
		data += "," + strings.TrimPrefix(marshal(fields), "{")
	} else {
		data += "}"
	}
	return []byte(data + "\n\n")
}

// marshal is JSON as the API writes it. It is for what can be written so.
func marshal(v any) string {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		panic(err) // a test's script holds a channel or the like
	}
	return strings.TrimSuffix(out.String(), "\n")
}

// send writes a stream, each piece at once.
func send(w http.ResponseWriter, r *http.Request, pieces []piece, pause <-chan struct{}) {
	w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	control := http.NewResponseController(w)
	for _, p := range pieces {
		if p.pause && pause != nil {
			select {
			case <-pause:
			case <-r.Context().Done():
				return
			}
		}
		if p.cut {
			panic(http.ErrAbortHandler) // net/http then cuts the connection
		}
		if _, err := w.Write(p.data); err != nil {
			return // the client has left
		}
		_ = control.Flush()
	}
}
