package gateway

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/charmbracelet/x/ansi"
)

// throughMarkers writes text in chunks to the terminal of a learner who has done
// some of three stages, and returns what comes out.
func throughMarkers(t testing.TB, size int, text string, done ...int) string {
	t.Helper()
	var out bytes.Buffer
	m := &markers{w: &out, recorded: recordedOf(done...)}
	for rest := []byte(text); len(rest) > 0; {
		n := min(size, len(rest))
		chunk := bytes.Clone(rest[:n])
		if got, err := m.Write(chunk); got != n || err != nil {
			t.Fatalf("Write = %d, %v", got, err)
		}
		clear(chunk) // whoever writes may use it again
		rest = rest[n:]
	}
	m.close()
	return out.String()
}

func recordedOf(done ...int) func() func(int) string {
	return func() func(int) string {
		return func(stage int) string {
			return saidBy(stage, 3, func(n int) bool { return slices.Contains(done, n) })
		}
	}
}

func TestMarkers(t *testing.T) {
	for _, c := range []struct {
		text, want string // no want: it stays as it is, in any pieces
		done       []int
	}{
		{"well done [STAGE_COMPLETE:1]\r\n", "well done ✓ stage 1 complete\r\n", []int{1}},
		{"[STAGE_COMPLETE:1][STAGE_COMPLETE:2][STAGE_COMPLETE:1]", "✓ stage 1 complete[STAGE_COMPLETE:2]✓ stage 1 complete", []int{1}},
		{"[[STAGE_COMPLETE:2]]", "[✓ stage 2 complete]", []int{1, 2}},
		{"[STAGE_C[STAGE_COMPLETE:2]", "[STAGE_C✓ stage 2 complete", []int{2}},
		{"[DUNGEON_COMPLETE].", "✓ course complete .", []int{1, 2, 3}},
		{"[DUNGEON_COMPLETE].", "✓ stage 3 done    .", []int{3}},
		{"[DUNGEON_COMPLETE].", "[DUNGEON_COMPLETE].", []int{1, 2}},
		{"[STAGE_COMPLETE:2]", "[STAGE_COMPLETE:2]", []int{1}},
		{"[STAGE_COMPLETE:02] [STAGE_COMPLETE:0] [STAGE_COMPLETE:] [STAGE_COMPLETE:2", "", []int{1, 2, 3}},
		{"[STAGE_COMPLETE:1234567] [stage_complete:1] [STAGE_COMPLETE: 1] [STAGE\x1b[mCOMPLETE:1]", "", []int{1, 2, 3}},
		{"\x1b[DUNGEON_COMPLETE] \x1b[STAGE_COMPLETE:1]", "", []int{1, 2, 3}}, // the cursor steps, the screen scrolls
		{"\x1b[1;31m[S] \x1b[D\x1b[5Sx [D [S", "", []int{1, 2, 3}},
		{"[DEBUG] [SSH] 한국[어]", "", []int{1, 2, 3}},
	} {
		if c.want == "" {
			for size := 1; size < len(c.text); size++ {
				if got := throughMarkers(t, size, c.text, c.done...); got != c.text {
					t.Errorf("%q in pieces of %d became %q", c.text, size, got)
				}
			}
			c.want = c.text
		}
		got := throughMarkers(t, len(c.text), c.text, c.done...)
		if got != c.want {
			t.Errorf("%q with %v done became %q, want %q", c.text, c.done, got, c.want)
		}
		if ansi.StringWidth(got) != ansi.StringWidth(c.text) {
			t.Errorf("%q became another width: %q", c.text, got)
		}
	}
}

// TestMarkerInTwoPieces: wherever it is cut, unless only its "[" is there.
func TestMarkerInTwoPieces(t *testing.T) {
	for text, want := range map[string]string{
		"ab [STAGE_COMPLETE:2] cd": "ab ✓ stage 2 complete cd",
		"ab [DUNGEON_COMPLETE] cd": "ab ✓ course complete  cd",
	} {
		for cut := 1; cut < len(text); cut++ {
			if got := throughMarkers(t, cut, text, 1, 2, 3); got != want && cut >= len("ab [S") {
				t.Errorf("cut at %d, it became %q", cut, got)
			}
		}
	}
}

// timed notes when what was written comes out.
type timed struct {
	began time.Time
	got   []string
	err   error
}

func (w *timed) Write(p []byte) (int, error) {
	w.got = append(w.got, fmt.Sprintf("%s %q", time.Since(w.began), p))
	return len(p), w.err
}

func TestMarkersHoldBackForAMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &timed{began: time.Now()}
		m := &markers{w: w, recorded: recordedOf(1)}
		write := func(text string) {
			if _, err := m.Write([]byte(text)); err != nil {
				t.Error(err)
			}
		}
		write("a [")
		write("S")
		write(" [STAGE_COMP")
		time.Sleep(holdFor / 2)
		write("LETE:")
		time.Sleep(holdFor / 2)
		write("1] ")
		write("\x1b[")
		write("D")
		write("x[D")
		time.Sleep(2 * holdFor)
		write("y[S")
		m.close()
		want := []string{
			`0s "a ["`, `0s "S"`, `0s " "`, `20ms "✓ stage 1 complete "`, `20ms "\x1b["`, `20ms "D"`, `20ms "x"`, `40ms "[D"`, `60ms "y"`, `60ms "[S"`,
		}
		if got := strings.Join(w.got, "\n"); got != strings.Join(want, "\n") {
			t.Errorf("came out\n%s\nwant\n%s", got, strings.Join(want, "\n"))
		}
	})
}

// TestMarkersToAClosedTerminal: the error comes back, also that of what was let
// go in between.
func TestMarkersToAClosedTerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &markers{w: &timed{err: io.ErrClosedPipe}, recorded: recordedOf()}
		if _, err := m.Write([]byte("[S")); err != nil {
			t.Errorf("nothing was written yet: %v", err)
		}
		time.Sleep(2 * holdFor)
		if _, err := m.Write([]byte("more")); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("Write = %v", err)
		}
		m.close()
	})
}

// TestMarkersLookUpSeldom: the store is asked once for a chunk, and never for
// output without a marker.
func TestMarkersLookUpSeldom(t *testing.T) {
	asked := 0
	m := &markers{w: io.Discard, recorded: func() func(int) string {
		asked++
		return recordedOf(1)()
	}}
	_, _ = m.Write([]byte(strings.Repeat("\x1b[Dtext [S [STAGE_COMPLETE:] [D\r\n", 100)))
	if asked != 0 {
		t.Errorf("asked %d times for nothing", asked)
	}
	_, _ = m.Write([]byte(strings.Repeat("[STAGE_COMPLETE:1]", 100)))
	if asked != 1 {
		t.Errorf("asked %d times for one chunk", asked)
	}
	m.close()
}

func FuzzMarkersAreTransparent(f *testing.F) {
	f.Add("ab [STAGE_COMPLETE:2] \x1b[D[DUNGEON_COMPLETE][S[D[[", []byte{3, 1, 0, 9, 200})
	f.Add("[STAGE_COMPLETE:", []byte{1})
	f.Add("\x1b[STAGE_COMPLETE:1]한", []byte{2, 2, 2})
	f.Fuzz(func(t *testing.T, text string, sizes []byte) {
		var out bytes.Buffer
		m := &markers{w: &out, recorded: recordedOf()}
		rest := []byte(text)
		for _, size := range sizes {
			n := min(int(size), len(rest))
			if got, err := m.Write(rest[:n]); got != n || err != nil {
				t.Fatalf("Write = %d, %v", got, err)
			}
			rest = rest[n:]
		}
		_, _ = m.Write(rest)
		m.close()
		if out.String() != text {
			t.Errorf("%q became %q", text, &out)
		}
	})
}

// BenchmarkMarkers is bulk output in frames as of a holder, into a pipe: each
// round goes once through the markers and once past them.
func BenchmarkMarkers(b *testing.B) {
	out, w, err := os.Pipe()
	if err != nil {
		b.Fatal(err)
	}
	var reading sync.WaitGroup
	reading.Go(func() { _, _ = io.Copy(io.Discard, out) })
	defer reading.Wait()
	defer func() { _ = w.Close() }()
	m := &markers{w: w, recorded: recordedOf(1)}
	defer m.close()
	for name, line := range map[string]string{
		"plain":   "a line of text as a program writes it, without anything special in it at all\r\n",
		"colours": "\x1b[1;31mred\x1b[0m and \x1b[32mgreen\x1b[0m, \x1b[4mthen\x1b[m \x1b[38;5;12mblue\x1b[0m\r\n",
		"markers": "and so you have done it: [STAGE_COMPLETE:1]\r\n",
	} {
		frame := []byte(strings.Repeat(line, 32<<10/len(line)))
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			took := make(map[io.Writer]time.Duration, 2)
			for b.Loop() {
				for _, way := range []io.Writer{m, w} {
					start := time.Now()
					if _, err := way.Write(frame); err != nil {
						b.Fatal(err)
					}
					took[way] += time.Since(start)
				}
			}
			b.ReportMetric(took[m].Seconds()/took[w].Seconds(), "ratio")
			b.ReportMetric((took[m]-took[w]).Seconds()*1e9/float64(b.N), "added-ns/frame")
		})
	}
}
