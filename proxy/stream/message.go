package stream

import (
	"bytes"
	"slices"
	"sync"

	"lectern/proxy/report"
)

// maxOpen bounds the content blocks that are open at a time. The API opens the
// next one when the last is closed.
const maxOpen = 16

// message is what is known of the model's message so far.
type message struct {
	lesson bool

	mu      sync.Mutex
	usage   report.Usage
	outcome Outcome // empty as long as it is open
	counted bool    // the API has said what was written in all
	written int64   // bytes of what it has written

	// What follows belongs to the goroutine that reads.

	open   []block
	told   []int // stages whose marker has come
	stages []int // those of told that nobody has asked for yet
}

// block is a content block with text.
type block struct {
	index   int64
	matcher matcher
}

// completed gives the stages that were completed since it was last asked.
func (m *message) completed() []int {
	stages := m.stages
	m.stages = nil
	return stages
}

// bytesPerToken is about what a token has of text, by the API's documentation.
const bytesPerToken = 4

// result is what is known of the answer when it ends now. The API counts what it
// has written at the end; of an answer without one that is estimated, or whoever
// breaks off in time would have it for nothing.
func (m *message) result() (report.Usage, Outcome) {
	m.mu.Lock()
	defer m.mu.Unlock()
	usage, outcome := m.usage, m.outcome
	if outcome == "" {
		outcome = Cut
	}
	if outcome != Whole && !m.counted {
		usage.Output = max(usage.Output, m.written/bytesPerToken)
	}
	return usage, outcome
}

// end notes how the answer ends. The first word counts.
func (m *message) end(outcome Outcome) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.outcome == "" {
		m.outcome = outcome
	}
}

// event reads the data of an event. One that it does not know, or that is no
// JSON, says nothing.
func (m *message) event(data []byte) {
	var kind, index, content, begun, usage []byte
	whole := walk(data, func(key, value []byte) {
		switch string(key) {
		case "type":
			kind = value
		case "index":
			index = value
		case "delta", "content_block":
			content = value
		case "message":
			begun = value
		case "usage":
			usage = value
		}
	})
	if !whole {
		return
	}
	switch string(words(kind)) {
	case "message_start":
		m.start(begun)
	case "content_block_start":
		m.openBlock(index, content)
	case "content_block_delta":
		m.delta(index, content)
	case "content_block_stop":
		m.closeBlock(index)
	case "message_delta":
		m.meter(usage, true)
	case "message_stop":
		m.end(Whole)
	case "error":
		m.end(Failed)
	}
}

// start reads the message that a stream begins with: it has no content yet.
func (m *message) start(begun []byte) {
	var model, usage []byte
	if !walk(begun, func(key, value []byte) {
		switch string(key) {
		case "model":
			model = value
		case "usage":
			usage = value
		}
	}) {
		return
	}
	m.open = m.open[:0]
	m.name(model)
	m.meter(usage, false)
}

// answer reads a whole answer: a message, an error or a count of tokens.
func (m *message) answer(body []byte) {
	var kind, model, content, usage []byte
	if walk(body, func(key, value []byte) {
		switch string(key) {
		case "type":
			kind = value
		case "model":
			model = value
		case "content":
			content = value
		case "usage":
			usage = value
		}
	}) {
		switch string(words(kind)) {
		case "error":
			m.end(Failed)
		case "message":
			m.name(model)
			m.meter(usage, true)
			walk(content, func(_, value []byte) {
				if kind, text := typeAndText(value); m.lesson && string(kind) == "text" {
					m.find(&matcher{}, text)
				}
			})
		}
	}
	m.end(Whole)
}

func (m *message) openBlock(index, content []byte) {
	m.closeBlock(index)
	kind, text := typeAndText(content)
	i, ok := count(index)
	if !ok || !m.lesson || string(kind) != "text" || len(m.open) == maxOpen {
		return
	}
	m.open = append(m.open, block{index: i})
	m.find(&m.open[len(m.open)-1].matcher, text)
}

func (m *message) delta(index, content []byte) {
	kind, text := typeAndText(content)
	m.mu.Lock()
	m.written += int64(len(text))
	m.mu.Unlock()
	if at := m.block(index); at >= 0 && string(kind) == "text_delta" {
		m.find(&m.open[at].matcher, text)
	}
}

func (m *message) closeBlock(index []byte) {
	if at := m.block(index); at >= 0 {
		m.open = slices.Delete(m.open, at, at+1)
	}
}

// block is the place in open of the block with this index, or -1.
func (m *message) block(index []byte) int {
	if len(m.open) == 0 {
		return -1
	}
	i, ok := count(index)
	if !ok {
		return -1
	}
	return slices.IndexFunc(m.open, func(b block) bool { return b.index == i })
}

// typeAndText reads a content block or a delta; the text, or what else the model
// writes there, is as it is written.
func typeAndText(content []byte) (kind, text []byte) {
	if !walk(content, func(key, value []byte) {
		switch string(key) {
		case "type":
			kind = words(value)
		case "text", "thinking", "partial_json":
			text = inside(value)
		}
	}) {
		return nil, nil
	}
	return kind, text
}

// find looks for markers in the next piece of a block's text.
func (m *message) find(in *matcher, text []byte) {
	for len(text) > 0 {
		if in.n == 0 {
			// Most of a text is no marker, and has no sign with which one could begin.
			at := bytes.IndexAny(text, `[\`)
			if at < 0 {
				return
			}
			text = text[at:]
		}
		var r rune
		r, text = sign(text)
		stage, found := in.read(r)
		if found && !slices.Contains(m.told, stage) {
			m.told, m.stages = append(m.told, stage), append(m.stages, stage)
		}
	}
}

// maxName bounds the name of a model.
const maxName = 200

func (m *message) name(model []byte) {
	text := words(model)
	if len(text) > maxName {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.usage.Model != string(text) {
		m.usage.Model = string(text)
	}
}

// meter reads how many tokens were used so far. Counts are those of the whole
// answer, so the last one holds; a zero says that there is nothing new. The first
// ones, with which a stream begins, know nothing of what will be written.
func (m *message) meter(usage []byte, written bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.counted = m.counted || written
	now := m.usage
	set := func(counted *int64, value []byte) {
		if n, ok := count(value); ok && n > 0 {
			*counted = n
		}
	}
	if walk(usage, func(key, value []byte) {
		switch string(key) {
		case "input_tokens":
			set(&now.Input, value)
		case "output_tokens":
			set(&now.Output, value)
		case "cache_read_input_tokens":
			set(&now.CacheRead, value)
		case "cache_creation_input_tokens":
			set(&now.CacheWrite, value)
		}
	}) {
		m.usage = now
	}
}
