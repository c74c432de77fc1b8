package course

import "testing"

func TestShorten(t *testing.T) {
	for _, tt := range []struct {
		text  string
		limit int
		want  string
	}{
		{"short", 5, "short"},
		{"짧은 글", 4, "짧은 글"},
		{"a sentence about trees, and more", 25, "a sentence about trees…"},
		{"one unbroken-word-that-is-long", 12, "one unbroke…"},
		{"가나다라마바사", 4, "가나다…"},
	} {
		if got := shorten(tt.text, tt.limit); got != tt.want {
			t.Errorf("shorten(%q, %d) is %q, want %q", tt.text, tt.limit, got, tt.want)
		}
	}
}
