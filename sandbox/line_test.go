package sandbox

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestLine(t *testing.T) {
	for in, want := range map[string]string{
		"plain words":                    "plain words",
		" two\r\nlines\tand\u2028more ":  "two lines and more",
		"a\x1b[2Jb\x1b]2;t\x07c":         "a[2Jb]2;tc",
		"a\u009b2Jb\u202ec\x00\xff":      "a2Jbc\uFFFD",
		"\n\x1b\u200f":                   "",
		strings.Repeat("가", 30):          strings.Repeat("가", 30),
		strings.Repeat("가", 31):          strings.Repeat("가", 29) + "…",
		strings.Repeat("가", 29) + "  나다": strings.Repeat("가", 29) + "…",
		strings.Repeat("x\n", 10_000):    strings.Repeat("x ", 14) + "x…",
	} {
		if got := Line(in, 30); got != want {
			t.Errorf("%.40q becomes %q, want %q", in, got, want)
		}
	}
}

func FuzzLine(f *testing.F) {
	f.Add("a\x1b[31mb\x1b]0;t\x07\r\n\tc\x9b2J\x00", 3)
	f.Fuzz(func(t *testing.T, text string, most int) {
		most = max(1, most%1000)
		line := Line(text, most)
		if n := utf8.RuneCountInString(line); n > most {
			t.Errorf("%d characters where %d may be", n, most)
		}
		if strings.ContainsFunc(line, unicode.IsControl) || line != Line(line, most) {
			t.Errorf("%q is no line", line)
		}
	})
}
