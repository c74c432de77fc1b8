package recording

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestWhatIsNoUTF8(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"plain 가 🎓", "plain 가 🎓"},
		// The example of the Unicode Standard, table 3-11.
		{"\x61\xf1\x80\x80\xe1\x80\xc2\x62\x80\x63\x80\xbf\x64", "a\ufffd\ufffd\ufffdb\ufffdc\ufffd\ufffdd"},
		{"\xc0\xaf\xe0\x80\xbf\xf0\x81\x82\x41", strings.Repeat("\ufffd", 8) + "A"},
		{"\xed\xa0\x80\xed\xbf\xbf\xed\xaf\x41", strings.Repeat("\ufffd", 8) + "A"},
		{"\xf4\x91\x92\x93\xff\x41\x80\xbf\x42", strings.Repeat("\ufffd", 5) + "A\ufffd\ufffdB"},
		{"\ufffd", "\ufffd"},
		{"end\xf0\x9f\x8e", "end\ufffd"},
	} {
		for size := 1; size <= len(c.in); size++ {
			var d decoder
			got := ""
			for at := 0; at < len(c.in); at += size {
				got += d.text([]byte(c.in[at:min(at+size, len(c.in))]))
			}
			if got += d.rest(); got != c.want {
				t.Errorf("%q in pieces of %d is %q, want %q", c.in, size, got, c.want)
			}
		}
	}
}

// FuzzText: whatever comes, cut wherever, is text, and text stays as it is.
func FuzzText(f *testing.F) {
	f.Add([]byte("가\xf0\x9f"), 1)
	f.Fuzz(func(t *testing.T, p []byte, cut int) {
		cut = max(0, min(cut, len(p)))
		var d decoder
		got := d.text(p[:cut]) + d.text(p[cut:]) + d.rest()
		var whole decoder
		if want := whole.text(p) + whole.rest(); got != want || !utf8.ValidString(got) {
			t.Errorf("%q cut at %d is %q, not %q", p, cut, got, want)
		}
		if utf8.Valid(p) && got != string(p) {
			t.Errorf("%q becomes %q", p, got)
		}
	})
}
