package course

import (
	"regexp"
	"strings"
)

// guide is what is read of a CLAUDE.md: its JSON blocks and how it introduces
// itself.
type guide struct {
	blocks []jsonBlock
	// heading is the first "# " heading; intro the paragraph right under it.
	heading string
	intro   string
}

// jsonBlock is the inside of one fenced ```json block.
type jsonBlock struct {
	text   string
	line   int // of the first line inside
	closed bool
}

// parseGuide reads the text of a CLAUDE.md; it never fails.
func parseGuide(text string) guide {
	var g guide
	var fence string
	var inside []string
	isJSON, start := false, 0
	intro := introReader{}
	flush := func(closed bool) {
		if isJSON {
			g.blocks = append(g.blocks, jsonBlock{strings.Join(inside, "\n"), start, closed})
		}
		fence, inside = "", nil
	}
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSuffix(line, "\r")
		if fence != "" {
			if closesFence(line, fence) {
				flush(true)
			} else if isJSON {
				inside = append(inside, line)
			}
			continue
		}
		if mark, info, ok := opensFence(line); ok {
			fence, start = mark, i+2
			language, _, _ := strings.Cut(info, " ")
			isJSON = strings.EqualFold(language, "json")
			intro.end()
			continue
		}
		intro.add(line)
	}
	if fence != "" {
		flush(false)
	}
	g.heading, g.intro = intro.heading, strings.Join(intro.paragraph, " ")
	return g
}

// opensFence reports whether a line opens a fenced block; mark is its run of
// backticks or tildes. Any indentation is allowed, since fences stand in lists.
func opensFence(line string) (mark, info string, ok bool) {
	trimmed := strings.TrimSpace(line)
	for _, char := range []string{"`", "~"} {
		rest := strings.TrimLeft(trimmed, char)
		length := len(trimmed) - len(rest)
		if length >= 3 && (char == "~" || !strings.Contains(rest, "`")) {
			return trimmed[:length], strings.TrimSpace(rest), true
		}
	}
	return "", "", false
}

// closesFence reports whether a line closes a block that mark opened.
func closesFence(line, mark string) bool {
	trimmed := strings.TrimSpace(line)
	return len(trimmed) >= len(mark) && strings.Trim(trimmed, mark[:1]) == ""
}

// introReader picks the first heading of level 1 and the paragraph under it
// from the lines that are in no fenced block.
type introReader struct {
	heading   string
	paragraph []string
	ended     bool
}

var notProse = regexp.MustCompile(`^\s*(#|[-*+>|<]|\d+[.)]\s)`)

func (r *introReader) add(line string) {
	if r.heading == "" {
		if title, ok := strings.CutPrefix(line, "# "); ok {
			r.heading = plain(strings.TrimRight(title, "# "))
		}
		return
	}
	if r.ended {
		return
	}
	blank := strings.TrimSpace(line) == ""
	switch {
	case blank && len(r.paragraph) > 0, notProse.MatchString(line):
		r.ended = true
	case !blank:
		r.paragraph = append(r.paragraph, plain(line))
	}
}

func (r *introReader) end() {
	r.ended = r.ended || r.heading != ""
}

// plain takes emphasis and code marks out of one line of Markdown.
func plain(markdown string) string {
	return cleanLine(strings.NewReplacer("**", "", "__", "", "`", "").Replace(markdown))
}
