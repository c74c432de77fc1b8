package tutor

import (
	"strconv"
	"strings"

	"charm.land/lipgloss/v2"
	"charm.land/lipgloss/v2/table"
	"github.com/charmbracelet/x/ansi"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"

	"lectern/internal/look"
)

// markdown draws Markdown as lines of a terminal.
//
// Goldmark parses it; the layout is here and not glamour's, which wraps lists
// without a hanging indent, reflows code, and brings a highlighter whose
// tables cost every start of the binary 14 ms.
type markdown struct {
	theme  *theme
	parser parser.Parser
	// drawn keeps what was drawn for one theme, by text and width.
	drawn map[sized][]string
}

type sized struct {
	text  string
	width int
}

func newMarkdown(t *theme) *markdown {
	return &markdown{
		theme:  t,
		parser: goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser(),
		drawn:  make(map[sized][]string),
	}
}

// forget drops all that was drawn; call it when the size or theme has changed.
func (m *markdown) forget() { clear(m.drawn) }

// lines draws source in lines of at most width columns. Its blocks have one
// empty line between them and none around them. The caller must not change
// the result.
func (m *markdown) lines(source string, width int) []string {
	id := sized{source, width}
	if lines, ok := m.drawn[id]; ok {
		return lines
	}
	src := []byte(look.Clean(source))
	d := drawing{theme: m.theme, source: src}
	lines := d.blocks(m.parser.Parse(text.NewReader(src)), max(width, 1), false)
	m.drawn[id] = lines
	return lines
}

// drawing is one document being drawn.
type drawing struct {
	theme  *theme
	source []byte
	depth  int // of lists
}

// blocks draws the blocks below parent; tight ones have no empty line between.
func (d *drawing) blocks(parent ast.Node, width int, tight bool) []string {
	var out []string
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		lines := d.block(n, width)
		if len(lines) == 0 {
			continue
		}
		if len(out) > 0 && !tight {
			out = append(out, "")
		}
		out = append(out, lines...)
	}
	return out
}

func (d *drawing) block(n ast.Node, width int) []string {
	plain := lipgloss.NewStyle()
	switch n := n.(type) {
	case *ast.Heading:
		style := d.theme.strong
		if n.Level <= 2 {
			style = d.theme.brand
		}
		return look.Wrap(d.inline(n, style), width)
	case *ast.Paragraph, *ast.TextBlock:
		return look.Wrap(d.inline(n, plain), width)
	case *ast.List:
		return d.list(n, width)
	case *ast.Blockquote:
		return under(d.theme.faded.Render("│")+" ", d.blocks(n, max(1, width-2), false))
	case *ast.FencedCodeBlock:
		return d.code(n, width)
	case *ast.CodeBlock:
		return d.code(n, width)
	case *ast.ThematicBreak:
		return []string{d.theme.faded.Render(strings.Repeat("─", min(width, 24)))}
	case *ast.HTMLBlock:
		var raw strings.Builder
		for i := range n.Lines().Len() {
			line := n.Lines().At(i)
			raw.Write(line.Value(d.source))
		}
		if words := strings.TrimSpace(withoutTags(raw.String())); words != "" {
			return look.Wrap(words, width)
		}
		return nil
	case *extast.Table:
		return d.table(n, width)
	}
	return d.blocks(n, width, false)
}

// list draws the items with a hanging indent.
func (d *drawing) list(n *ast.List, width int) []string {
	d.depth++
	defer func() { d.depth-- }()
	last := n.Start + n.ChildCount() - 1
	var out []string
	number := n.Start
	for item := n.FirstChild(); item != nil; item = item.NextSibling() {
		mark := "•"
		if d.depth > 1 {
			mark = "–"
		}
		if n.IsOrdered() {
			mark = strconv.Itoa(number) + "."
			mark = strings.Repeat(" ", len(strconv.Itoa(last))+1-len(mark)) + mark
			number++
		}
		lines := d.blocks(item, max(1, width-lipgloss.Width(mark)-1), n.IsTight)
		if len(lines) == 0 {
			lines = []string{""}
		}
		if len(out) > 0 && !n.IsTight {
			out = append(out, "")
		}
		out = append(out, hang(d.theme.faded.Render(mark)+" ", lines)...)
	}
	return out
}

// code draws source text as it is: lines that are too long go on below behind a
// sign, and no two are joined.
func (d *drawing) code(n ast.Node, width int) []string {
	var source strings.Builder
	for i := range n.Lines().Len() {
		line := n.Lines().At(i)
		source.Write(line.Value(d.source))
	}
	edge := d.theme.faded.Render("│") + " "
	room := max(1, width-4)
	var out []string
	for line := range strings.SplitSeq(strings.TrimRight(source.String(), "\n"), "\n") {
		line = strings.ReplaceAll(line, "\t", "    ")
		for i, part := range strings.Split(ansi.Wrap(look.Hold(line), room, ""), "\n") {
			start := edge
			if i > 0 {
				start += d.theme.faded.Render("↳ ")
			}
			out = append(out, look.Clip(start+d.theme.code.Render(look.Release(part)), max(width, 3)))
		}
	}
	return out
}

// table draws a table as wide as it needs to be, and no wider than width.
func (d *drawing) table(n *extast.Table, width int) []string {
	plain := lipgloss.NewStyle()
	t := table.New().
		Border(lipgloss.NormalBorder()).BorderStyle(d.theme.faded).
		BorderTop(false).BorderBottom(false).BorderLeft(false).BorderRight(false).
		StyleFunc(func(_, column int) lipgloss.Style {
			if column == 0 {
				return plain.PaddingRight(1)
			}
			return plain.Padding(0, 1)
		})
	for row := n.FirstChild(); row != nil; row = row.NextSibling() {
		head, isHead := row.(*extast.TableHeader)
		var cells []string
		for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
			if isHead {
				cells = append(cells, d.inline(cell, d.theme.strong))
			} else {
				cells = append(cells, d.inline(cell, plain))
			}
		}
		if isHead && head != nil {
			t.Headers(cells...)
		} else {
			t.Row(cells...)
		}
	}
	drawn := t.Render()
	if lipgloss.Width(drawn) > width {
		drawn = t.Width(width).Wrap(true).Render()
	}
	lines := strings.Split(look.Release(drawn), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(look.Clip(lines[i], width), " ")
	}
	return lines
}
