package stream

import (
	"io"
	"strings"
	"testing"
)

// again gives a body over and over, without an end.
type again struct {
	body string
	at   int
}

func (a *again) Read(p []byte) (int, error) {
	n := copy(p, a.body[a.at:])
	a.at = (a.at + n) % len(a.body)
	return n, nil
}

func (a *again) Close() error { return nil }

// BenchmarkReader reads one MB of a lesson's stream a round, in pieces such as
// come from a connection.
func BenchmarkReader(b *testing.B) {
	body := event(start) + open(0, "text") +
		strings.Repeat(text(0, `The \"host key\" signs`)+text(0, ` H [and no more].\n`), 1000) + shut(0) + event(delta)
	r := NewReader(&again{body: body}, sse, true, Hear{Completed: func(int) {}})
	piece := make([]byte, 4<<10)
	const round = 1 << 20
	b.SetBytes(round)
	b.ReportAllocs()
	for b.Loop() {
		for range round / len(piece) {
			if _, err := io.ReadFull(r, piece); err != nil {
				b.Fatal(err)
			}
		}
	}
}
