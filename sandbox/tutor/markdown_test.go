package tutor

import (
	"strings"
	"testing"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"lectern/internal/look"
)

func drawn(source string, width int) []string {
	theme := newTheme(true, false)
	return newMarkdown(&theme).lines(source, width)
}

func TestMarkdown(t *testing.T) {
	tests := []struct{ name, source, want string }{
		{"paragraphs", "one\ntwo\n\nthree  \nfour", "one two\n\nthree\nfour"},
		{"inline", "**a** *b* `c` ~~d~~ &amp; \\*e", "a b c d & *e"},
		{"link", "[text](https://x.example) <https://y.example> [in](#here)", "text\n(https://x.example)\nhttps://y.example in"},
		{"picture", "![a sea](sea.png)", "[picture: a sea]\n(sea.png)"},
		{"hanging", "- one two three four five\n- b", "• one two three four\n  five\n• b"},
		{"numbers align", "9. a\n10. b", " 9. a\n10. b"},
		{"loose", "- a\n\n- b", "• a\n\n• b"},
		{"tasks", "- [x] a\n- [ ] b", "• [✓] a\n• [ ] b"},
		{"nested", "- a\n  - b\n    1. c", "• a\n  – b\n    1. c"},
		{"code stays", "```go\nif x {\n\treturn\n}\n```", "│ if x {\n│     return\n│ }"},
		{"code goes on", "```\naaaa bbbb cccc dddd eeee\n```", "│ aaaa bbbb cccc\n│ ↳ dddd eeee"},
		{"code in text", "Then you call `ssh-keygen` now", "Then you call\nssh-keygen now"},
		{"code in a table", "| a | b |\n|---|---|\n| now `ssh-add` | now and for ever |", "a        │ b\n─────────┼──────────\nnow      │ now and\nssh-add  │ for ever"},
		{"code goes on whole", "```\nssh -o Strict-Host\n```", "│ ssh -o\n│ ↳ Strict-Host"},
		{"quote", "> a\n>\n> b", "│ a\n│\n│ b"},
		{"html", "a<br>b <b>c</b>\n\n<div>d</div>\n\n<!-- e -->", "a\nb c\n\nd"},
		{"escape", "a\x1b[2Jb &#27;[2Jc\u202e &#x202e;d", "ab [2Jc d"},
		{"wide", "가나다 라마바 사아자 차카타파하", "가나다 라마바 사아자\n차카타파하"},
		{"nothing", "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			lines := drawn(test.source, 20)
			for i := range lines {
				lines[i] = strings.TrimRight(ansi.Strip(lines[i]), " ")
			}
			if got := strings.Join(lines, "\n"); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

func TestMarkdownIsDrawnOnce(t *testing.T) {
	theme := newTheme(true, false)
	m := newMarkdown(&theme)
	if a, b := m.lines("text", 20), m.lines("text", 20); &a[0] != &b[0] {
		t.Error("the same text was drawn twice")
	}
}

// FuzzMarkdown: any text of a course fits, and brings no control characters
// but the styles that were asked for.
func FuzzMarkdown(f *testing.F) {
	for _, seed := range []string{
		"# a\n\n- b\n  1. c\n\n```\nd\n```", "| a | b |\n|---|---|\n| c | 가나다라마바사아자차카타파하 |", "> > > a",
		"&#27;]0;x&#7;", "<div\x1b>", "![](x)[y](&#10;z)", "- \n-\n- a\n\n      b", "👩‍👩‍👧‍👦 é \u202e", "1. a\n999999999. b",
	} {
		f.Add(seed, 20)
	}
	f.Fuzz(func(t *testing.T, source string, width int) {
		if width < 4 || width > 200 || len(source) > 4000 {
			return // no terminal has such a size, no course such a text
		}
		for _, line := range drawn(source, width) {
			if w := lipgloss.Width(line); w > width {
				t.Errorf("%d columns in %d: %q", w, width, line)
			}
			if plain := ansi.Strip(line); plain != look.Clean(plain) || strings.Contains(plain, "\n") {
				t.Errorf("unsafe %q", line)
			}
		}
	})
}
