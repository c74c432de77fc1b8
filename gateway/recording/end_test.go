package recording

import (
	"bytes"
	"testing"
	"time"
)

// FuzzEnd: whatever a crash has left behind the lines that are whole, these stay
// and nothing else.
func FuzzEnd(f *testing.F) {
	whole := []byte(`{"version":2,"width":80,"height":24,"timestamp":1795608000,"idle_time_limit":2}` + "\n" + `[1.5, "o", "x"]` + "\n")
	for _, torn := range []string{"", "[", `[2.0, "o", "y"`, "\x00\x00\n", "[2.0, \"m\", \"y\"]\n", "\n\n"} {
		f.Add([]byte(torn))
	}
	f.Fuzz(func(t *testing.T, torn []byte) {
		file := append(bytes.Clone(whole), torn...)
		e, err := findEnd(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			t.Fatal(err)
		}
		if !e.sound { // then it is left alone
			if len(torn) < maxTail-len(whole) {
				t.Errorf("%q is taken for no recording", torn)
			}
			return
		}
		if e.size < int64(len(whole)) || e.size > int64(len(file)) || file[e.size-1] != '\n' || e.last < 0 || e.last > 1<<62 {
			t.Fatalf("%q ends at %d, after %s", torn, e.size, e.last)
		}
		if e.size == int64(len(whole)) && e.last != 1500*time.Millisecond {
			t.Errorf("the time is %s", e.last)
		}
		// What is kept is the end for the next one too.
		again, err := findEnd(bytes.NewReader(file[:e.size]), e.size)
		if err != nil || again != e {
			t.Errorf("%q: %+v, and then %+v, %v", torn, e, again, err)
		}
	})
}
