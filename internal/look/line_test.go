package look

import (
	"strings"
	"testing"
	"unicode"

	"github.com/charmbracelet/x/ansi"
)

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"plain\n\ttext": "plain\n\ttext", "a\r\nb\rc": "a\nbc", "a\x1b[2Jb\x1b]0;t\x07\x00c\u009b2Jd": "abc2Jd",
		"a\u202eb\u2066c": "abc", "a\xffb": "a\uFFFDb", "가\u200d나": "가\u200d나",
	} {
		if got := Clean(in); got != want {
			t.Errorf("Clean(%q) is %q, want %q", in, got, want)
		}
	}
	if got := OneLine(" a\tb \r\n\x1b[1m  c "); got != "a b c" {
		t.Errorf("OneLine gives %q", got)
	}
}

func TestSpread(t *testing.T) {
	for _, tt := range []struct {
		left, right string
		width       int
		want        string
	}{
		{"left", "right", 12, "left   right"},
		{"a longer left", "right", 16, "a longer … right"},
		{"한글 제목입니다", "2 of 5", 16, "한글 제…  2 of 5"},
		{"a longer left", "right", 12, "a longer le…"},
		{"left", "", 3, "le…"},
		{"left", "right", 0, ""},
	} {
		if got := Spread(tt.left, tt.right, tt.width); got != tt.want {
			t.Errorf("Spread(%q, %q, %d) is %q, want %q", tt.left, tt.right, tt.width, got, tt.want)
		}
	}
}

// FuzzLine lays out text that nobody has cleaned.
func FuzzLine(f *testing.F) {
	f.Add("plain words that are long enough to be broken", 12)
	f.Add("한글과 English가 섞인 제목", 7)
	f.Add("a\x1b[31mb\x1b]0;t\x07\r\n\tc\x9b2J\x00", 3)
	f.Add("\x910", 1)
	f.Add("👩‍👩‍👧 e\u0301 \u200b \xff\xfe \u202e", 1)
	f.Fuzz(func(t *testing.T, s string, width int) {
		width %= 300
		s = OneLine(s)
		for _, line := range append(Wrap(s, width), Clip(s, width), Fill(s, width), Spread(s, "12 of 50", width)) {
			if w := ansi.StringWidth(line); w > max(1, width) {
				t.Errorf("a line of %d columns where there are %d: %q", w, width, line)
			}
			if strings.ContainsFunc(line, unicode.IsControl) {
				t.Errorf("a control character in %q", line)
			}
		}
	})
}
