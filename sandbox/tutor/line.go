package tutor

import (
	"encoding/json"

	"lectern/internal/look"
	"lectern/sandbox/event"
)

const (
	// maxLine is the longest line, in bytes, that is taken from the link.
	maxLine = 64 << 10
	// maxNotice is the longest notice, in columns, that is kept; and the most that
	// is said of who watches.
	maxNotice = 400
)

// parseLine reads one line of the link. It is false for all that a tutor has
// no use for: broken JSON, types of a later version, a Recorded without ID and
// a Notice without words. The text of a Notice or a Watched comes back clean.
func parseLine(line []byte) (event.Message, bool) {
	var m event.Message
	if len(line) > maxLine || json.Unmarshal(line, &m) != nil {
		return event.Message{}, false
	}
	switch m.Type {
	case event.Recorded:
		return m, m.ID != ""
	case event.Notice:
		m.Text = look.Clip(look.OneLine(m.Text), maxNotice)
		return m, m.Text != ""
	case event.Watched:
		m.Text = look.Clip(look.OneLine(m.Text), maxNotice)
		return m, true
	}
	return event.Message{}, false
}
