package hold

import (
	"strings"
	"testing"
	"time"
)

// outputs are what a tutor may have written before a terminal joins.
var outputs = map[string]string{
	"lines": strings.Repeat("The quick brown fox jumps over the lazy dog, and the dog does not care at all.\r\n", 2*ringSize/80),
	"frames": strings.Repeat("\x1b[H\x1b[2J\x1b[1;31mStage 1\x1b[m\r\n\x1b[5;10Hwhat is there to be said\x1b[K"+
		strings.Repeat("\r\n한국어 and \x1b[1mmore\x1b[m", 15), 2*ringSize/500),
	"one line": strings.Repeat("x", 2*ringSize),
}

// BenchmarkSnapshot is what a terminal that joins waits for.
func BenchmarkSnapshot(b *testing.B) {
	for name, output := range outputs {
		b.Run(name, func(b *testing.B) {
			s := newScreen()
			_, _ = s.Write([]byte(output))
			b.ReportAllocs()
			for b.Loop() {
				s.picture(size80).bytes(time.Minute)
			}
		})
	}
}

// BenchmarkScreenWrite is what each byte of the tutor's output costs.
func BenchmarkScreenWrite(b *testing.B) {
	for name, output := range outputs {
		b.Run(name, func(b *testing.B) {
			s := newScreen()
			b.SetBytes(int64(len(output)))
			b.ReportAllocs()
			for b.Loop() {
				_, _ = s.Write([]byte(output))
			}
		})
	}
}
