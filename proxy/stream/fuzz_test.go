package stream

import (
	"bytes"
	"encoding/json"
	"io"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// ragged gives its bytes in pieces of a random length.
type ragged struct {
	data  []byte
	sizes *rand.Rand
}

func (r *ragged) Read(p []byte) (int, error) {
	if len(r.data) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.data[:min(len(r.data), r.sizes.IntN(40))])
	r.data = r.data[n:]
	return n, nil
}

func FuzzReader(f *testing.F) {
	for _, seed := range []string{
		"", "\r", ":\n\n", "data", "\ufeffdata:\r\n\r\n", "data: {}\n\n", event(ping), event(start) + event(delta),
		said("Right. [STAGE_", "COMPLETE:1", "2]\\n[DUNGEON_COMPLETE]"),
		strings.ReplaceAll(said(`\u005bSTAGE\u005fCOMPLETE:3\u005D \ud83d\ude00 \ud83d \"`), "\n", "\r\n"),
		event(start) + open(0, "text") + open(1, "text") + text(1, "[DUNGEON_") + text(0, "[STAGE_COMPLETE:9") + text(1, "COMPLETE]") + text(0, "]") + event(stop),
		event(`{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`),
		"data: {\"type\":\"content_block_start\",\ndata: \"index\":0 , \"content_block\":{\"type\":\"text\",\"text\":\"[DUNGEON_COMPLETE]\"}}\n\n",
	} {
		f.Add([]byte(seed), uint64(1), true)
	}
	for _, seed := range []string{
		"null", "[]", "{}}", `{"input_tokens":7}`, `{"type":"error"}`,
		`{"type":"message","model":"m","content":[{"type":"text","text":"\\\" ]} [STAGE_COMPLETE:2]"},{"type":"text","text":"[DUNGEON_COMPLETE]"}],"usage":{"input_tokens":1,"output_tokens":2e3}}`,
	} {
		f.Add([]byte(seed), uint64(1), false)
	}
	f.Fuzz(func(t *testing.T, data []byte, seed uint64, stream bool) {
		kind := sse
		if !stream {
			kind = "application/json"
		}
		out, once, err := pass(t, bytes.NewReader(data), kind, true)
		if err != nil || out != string(data) {
			t.Fatalf("in one piece: %q, %v", out, err)
		}
		out, pieces, err := pass(t, &ragged{data, rand.New(rand.NewPCG(seed, 0))}, kind, true)
		if err != nil || out != string(data) {
			t.Fatalf("in pieces: %q, %v", out, err)
		}
		if !once.same(pieces) {
			t.Fatalf("in one piece it hears\n%+v, in several\n%+v", *once, *pieces)
		}
		if want := plainly(data); stream && want != nil && !slices.Equal(want, once.Stages) {
			t.Fatalf("the stages are %v, not %v", once.Stages, want)
		}
	})
}

var markers = regexp.MustCompile(`\[STAGE_COMPLETE:([1-9][0-9]{0,2})\]|\[DUNGEON_COMPLETE\]`)

// plainly finds the stages in the plainest way; nil, where the stream is not as
// the API would ever write one.
func plainly(data []byte) []int {
	if !utf8.Valid(data) {
		return nil
	}
	stages := []int{}
	blocks := map[uint64]string{}
	lines := strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.TrimPrefix(string(data), "\ufeff")), "\n")
	var collected []string
	for _, line := range lines[:len(lines)-1] { // the last one has no end
		if line != "" {
			if name, value, _ := strings.Cut(line, ":"); name == "data" {
				collected = append(collected, strings.TrimPrefix(value, " "))
			}
			continue
		}
		event := strings.Join(collected, "\n")
		collected = nil
		if event == "" {
			continue
		}
		var e map[string]any
		decoder := json.NewDecoder(strings.NewReader(event))
		decoder.UseNumber()
		if !json.Valid([]byte(event)) || decoder.Decode(&e) != nil {
			return nil
		}
		number, _ := e["index"].(json.Number)
		index, err := strconv.ParseUint(string(number), 10, 63)
		known := err == nil && len(number) <= 18
		before, isOpen := blocks[index]
		next := ""
		switch e["type"] {
		case "message_start":
			if _, ok := e["message"].(map[string]any); ok {
				clear(blocks)
			}
			continue
		case "content_block_start":
			if known {
				delete(blocks, index)
			}
			content, _ := e["content_block"].(map[string]any)
			if _, other := e["delta"]; other || len(blocks) >= maxOpen {
				return nil
			}
			if content["type"] != "text" || !known {
				continue
			}
			before = ""
			next, _ = content["text"].(string)
		case "content_block_delta":
			content, _ := e["delta"].(map[string]any)
			if _, other := e["content_block"]; other {
				return nil
			}
			if content["type"] != "text_delta" || !known || !isOpen {
				continue
			}
			next, _ = content["text"].(string)
		case "content_block_stop":
			if known {
				delete(blocks, index)
			}
			continue
		default:
			continue
		}
		blocks[index] = before + next
		for _, at := range markers.FindAllStringSubmatchIndex(blocks[index], -1) {
			stage := 0
			if at[2] >= 0 {
				stage, _ = strconv.Atoi(blocks[index][at[2]:at[3]])
			}
			if at[1] > len(before) && !slices.Contains(stages, stage) {
				stages = append(stages, stage)
			}
		}
	}
	return stages
}
