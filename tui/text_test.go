package tui

import (
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"lectern/internal/look"
)

func TestMinutes(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Minute: "less than 1 min", 59 * time.Second: "less than 1 min", time.Minute: "1 min",
		12*time.Minute + 40*time.Second: "12 min", time.Hour: "1 h", 65 * time.Minute: "1 h 05 min", 26 * time.Hour: "26 h",
	} {
		if got := minutes(d); got != want {
			t.Errorf("minutes(%v) is %q, want %q", d, got, want)
		}
	}
}

func TestSeconds(t *testing.T) {
	for _, tt := range []struct {
		d    time.Duration
		over bool
		want string
	}{
		{-time.Second, false, "0 s"}, {1700 * time.Millisecond, false, "1 s"}, {1790 * time.Millisecond, true, "1.7 s"},
		{12900 * time.Millisecond, true, "12 s"}, {65 * time.Second, false, "1 min 05 s"}, {61 * time.Minute, true, "61 min 00 s"},
	} {
		if got := seconds(tt.d, tt.over); got != tt.want {
			t.Errorf("seconds(%v, %v) is %q, want %q", tt.d, tt.over, got, tt.want)
		}
	}
}

func TestShorten(t *testing.T) {
	lines := []string{"one two", "three four", "five"}
	for n, want := range map[int]string{0: "", 1: "one two …", 2: "one two|three fo …", 3: "one two|three four|five", -1: ""} {
		if got := strings.Join(shorten(lines, n, 10), "|"); got != want {
			t.Errorf("shorten to %d is %q, want %q", n, got, want)
		}
	}
	if lines[1] != "three four" {
		t.Error("shorten changed its argument")
	}
}

func TestFold(t *testing.T) {
	f := filter{entry: entry{text: "\u1100\u1161"}} // as separate letters
	if !f.matches("한가위") {
		t.Error("decomposed Hangul does not find composed Hangul")
	}
	f.text = "PRINCIPLES  sort"
	if !f.matches("Sorting from first principles") || f.matches("Sorting") {
		t.Error("every word, in any case and order, is what a filter asks for")
	}
}

// FuzzText lays out text that nobody has cleaned.
func FuzzText(f *testing.F) {
	f.Add("plain words that are long enough to be broken", 12)
	f.Add("한글과 English가 섞인 제목", 7)
	f.Add("a\x1b[31mb\x1b]0;t\x07\r\n\tc\x9b2J\x00", 3)
	f.Add("\x910", 1)
	f.Add("가 a👩", 1)
	f.Add("👩‍👩‍👧 e\u0301 \u200b \xff\xfe", 1)
	f.Fuzz(func(t *testing.T, s string, width int) {
		width %= 300
		for _, line := range append(shorten(wrap(s, width), 2, width), look.Clip(look.OneLine(s), width), look.Spread(look.OneLine(s), "12 of 50", width)) {
			if w := ansi.StringWidth(line); w > max(0, width) {
				t.Errorf("a line of %d columns where there are %d: %q", w, width, line)
			}
			if strings.IndexFunc(line, unicode.IsControl) >= 0 {
				t.Errorf("a control character in %q", line)
			}
		}
	})
}

// FuzzFilter types and deletes text that nobody has cleaned.
func FuzzFilter(f *testing.F) {
	f.Add("가각 e\u0301👩‍👩‍👧", 3)
	f.Add("a\x1b[A\x00\xff", 9)
	f.Fuzz(func(t *testing.T, s string, deletions int) {
		fl := newFilter()
		fl.typing = true
		fl.insert(s)
		if !utf8.ValidString(fl.text) || strings.IndexFunc(fl.text, unicode.IsControl) >= 0 {
			t.Fatalf("the filter holds %q", fl.text)
		}
		fl.matches(s, "other")
		line, column := fl.line(newTheme(true, true), 3, 40)
		if w := ansi.StringWidth(line); w > 40 || column > 40 {
			t.Fatalf("the line has %d columns, the cursor is in %d", w, column)
		}
		for range deletions % 300 {
			before := fl.text
			fl.text = fl.text[:lastCluster(fl.text)]
			if before != "" && len(fl.text) >= len(before) {
				t.Fatalf("nothing was deleted from %q", before)
			}
		}
	})
}
