package course

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"plain 한글 👩‍🚀\n\ttab":          "plain 한글 👩‍🚀\n\ttab",
		"a\r\nb\rc\u2028d":             "a\nb\nc\nd",
		"\x1b[31mred\x1b[0m":           "red",
		"\x1b]0;title\x07x":            "x",
		"\x1b]8;;http://x\x1b\\link":   "link",
		"\x1bPq#0\u009cx":              "x",
		"\u009b2Jx\u009d0;t\u009cy":    "xy",
		"\x1b(Bx\x1b=y\x1bcz":          "xyz",
		"\x1b]open\nnext":              "open\nnext",
		"\x1b[31":                      "31",
		"\x1b":                         "",
		"\x1b\x1b[1mx":                 "x",
		"\x1b가":                        "가",
		"bell\x07 nul\x00 del\x7f":     "bell nul del",
		"\u202eevil\u2066x\u2069":      "evilx",
		"bad\xff\x9bm":                 "bad\ufffd\ufffdm",
		"\ufeffmark":                   "mark",
		"\x1b]0;\x1b[31mnested\x07end": "0;nestedend",
	} {
		if got, changed := clean(in); got != want || changed != (in != want && !strings.Contains(in, "\r")) {
			t.Errorf("%q gives %q, %v; want %q", in, got, changed, want)
		}
	}
	if got := cleanLine(" a\n\t b\x1b[0m\r\nc "); got != "a b c" {
		t.Errorf("%q", got)
	}
}

// A hostile course must not keep the gateway busy for minutes.
func TestCleanIsLinear(t *testing.T) {
	for _, part := range []string{"\x1b]", "\u009d", "\x1b[", "\x1b[;", "\x1bP \x1b", "\x1b "} {
		start := time.Now()
		clean(strings.Repeat(part, 2<<20/len(part)))
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%q takes %v", part, took)
		}
	}
}

func FuzzClean(f *testing.F) {
	for _, seed := range []string{"\x1b[31mred", "\x1b]0;t\x07", "\u009b1m\u202e", "\x1b\x1b\x1b]", "한\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, _ := clean(text)
		if needsCleaning(got) || !utf8.ValidString(got) {
			t.Errorf("%q is left of %q", got, text)
		}
		for _, r := range got {
			if r < 0x20 && r != '\n' && r != '\t' || r >= 0x7f && r <= 0x9f || r >= 0x202a && r <= 0x202e {
				t.Errorf("%q holds %U", got, r)
			}
		}
		if line := cleanLine(text); strings.ContainsAny(line, "\n\t") || cleanLine(line) != line {
			t.Errorf("%q", line)
		}
	})
}
