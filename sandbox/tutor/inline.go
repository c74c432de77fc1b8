package tutor

import (
	"regexp"
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/util"

	"lectern/internal/look"
)

// inline draws what stands inside a block as one string, with line feeds only
// where the author broke the line. Hyphens of code are held.
func (d *drawing) inline(parent ast.Node, style lipgloss.Style) string {
	var out strings.Builder
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.Text:
			out.WriteString(style.Render(d.words(n)))
			if n.HardLineBreak() {
				out.WriteString("\n")
			} else if n.SoftLineBreak() {
				out.WriteString(style.Render(" "))
			}
		case *ast.String:
			out.WriteString(style.Render(oneRow(string(n.Value))))
		case *ast.CodeSpan:
			code := d.theme.quote + look.Hold(oneRow(d.plain(n))) + d.theme.quote
			out.WriteString(d.theme.code.Inherit(style).Render(code))
		case *ast.Emphasis:
			inner := style.Italic(true)
			if n.Level > 1 {
				inner = style.Bold(true)
			}
			out.WriteString(d.inline(n, inner))
		case *extast.Strikethrough:
			out.WriteString(d.inline(n, style.Strikethrough(true)))
		case *extast.TaskCheckBox:
			box := "[ ] "
			if n.IsChecked {
				box = "[" + look.SignDone + "] "
			}
			out.WriteString(d.theme.faded.Render(box))
		case *ast.Link:
			out.WriteString(d.inline(n, style.Underline(true)))
			out.WriteString(d.address(string(n.Destination), d.plain(n)))
		case *ast.AutoLink:
			out.WriteString(d.theme.news.Underline(true).Render(oneRow(string(n.URL(d.source)))))
		case *ast.Image:
			name := oneRow(d.plain(n))
			if name == "" {
				name = "picture"
			}
			out.WriteString(d.theme.faded.Render("[picture: " + name + "]"))
			out.WriteString(d.address(string(n.Destination), ""))
		case *ast.RawHTML:
			if strings.HasPrefix(strings.ToLower(string(n.Segments.Value(d.source))), "<br") {
				out.WriteString("\n")
			}
		default:
			out.WriteString(d.inline(n, style))
		}
	}
	return out.String()
}

// address shows where a link goes, since a terminal has nothing to click that
// is sure to work. It is left out where the text says it, and for jumps within
// the page.
func (d *drawing) address(to, shown string) string {
	to = oneRow(to)
	if to == "" || to == shown || strings.HasPrefix(to, "#") {
		return ""
	}
	return " " + d.theme.faded.Render("("+to+")")
}

// plain is the text below n without any style.
func (d *drawing) plain(n ast.Node) string {
	var out strings.Builder
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if t, ok := n.(*ast.Text); ok && entering {
			if n.Parent().Kind() == ast.KindCodeSpan {
				out.Write(t.Segment.Value(d.source))
			} else {
				out.WriteString(d.words(t))
			}
			if t.SoftLineBreak() {
				out.WriteString(" ")
			}
		}
		return ast.WalkContinue, nil
	})
	return out.String()
}

// words is the text of t with its escapes and entities resolved. What they
// stand for is cleaned again: "&#27;" is an escape character.
func (d *drawing) words(t *ast.Text) string {
	raw := t.Segment.Value(d.source)
	if !t.IsRaw() {
		raw = util.ResolveEntityNames(util.ResolveNumericReferences(util.UnescapePunctuations(raw)))
	}
	return oneRow(string(raw))
}

// oneRow is clean text without line feeds and tabs, which would be laid out as
// a block of their own; its other spaces stay.
func oneRow(s string) string {
	return strings.NewReplacer("\n", " ", "\t", " ").Replace(look.Clean(s))
}

var tag = regexp.MustCompile(`<[^>]*>`)

// withoutTags is what is left to read of a piece of HTML.
func withoutTags(s string) string { return tag.ReplaceAllString(s, "") }
