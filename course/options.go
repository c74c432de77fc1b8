package course

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Most authors write the options of a question into its text, one a line, each
// with a label. This file takes them out again.

const (
	hangulLabels  = "가나다라마바사아자차"
	circledLabels = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"
)

// label is what stands before an option: the ordinal, counted from 1, and the
// style, in which all labels of a question agree.
type label struct {
	style   string
	ordinal int
}

// newLabel reads the inside of a label such as "2", "B", "b" or "나".
func newLabel(inside, style string) (label, bool) {
	if n, err := strconv.Atoi(inside); err == nil {
		return label{"1" + style, n}, n > 0
	}
	if i := strings.Index(hangulLabels, inside); i >= 0 {
		return label{"가" + style, i/len("가") + 1}, true
	}
	if i := strings.Index(circledLabels, inside); i >= 0 {
		return label{"①", i/len("①") + 1}, true
	}
	switch c := inside[0]; {
	case len(inside) == 1 && c >= 'a' && c <= 'z':
		return label{"a" + style, int(c-'a') + 1}, true
	case len(inside) == 1 && c >= 'A' && c <= 'Z':
		return label{"A" + style, int(c-'A') + 1}, true
	}
	return label{}, false
}

const labelInside = `(\d{1,2}|[A-Za-z]|[` + hangulLabels + `])`

var (
	parenLabel   = regexp.MustCompile(`^\s*(?:[-*+]\s+)?(?:\*\*|__)?\(` + labelInside + `\)(?:\*\*|__)?\s*(\S.*)$`)
	closedLabel  = regexp.MustCompile(`^\s*(?:[-*+]\s+)?(?:\*\*|__)?` + labelInside + `\)(?:\*\*|__)?\s*(\S.*)$`)
	dottedLabel  = regexp.MustCompile(`^\s*(?:[-*+]\s+)?(?:\*\*|__)?` + labelInside + `\.(?:\*\*|__)?\s+(\S.*)$`)
	circledLabel = regexp.MustCompile(`^\s*(?:[-*+]\s+)?([` + circledLabels + `])\s*(\S.*)$`)
)

// cutLabel splits a line such as "2) text" into its label and its text.
func cutLabel(line string) (label, string, bool) {
	for _, form := range []struct {
		pattern *regexp.Regexp
		style   string
	}{{parenLabel, "()"}, {closedLabel, ")"}, {dottedLabel, "."}, {circledLabel, ""}} {
		m := form.pattern.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		if l, ok := newLabel(m[1], form.style); ok {
			text := m[2]
			if strings.Count(text, "**")%2 == 1 { // "**1) text**"
				text = strings.TrimSuffix(strings.TrimSpace(text), "**")
			}
			return l, cleanLine(text), true
		}
	}
	return label{}, "", false
}

// optionRun is a run of lines whose labels count up from the first one.
type optionRun struct {
	first   int // line of the first option
	style   string
	options []string
	last    int // line of the last option
}

// parseOptions takes labelled lines off a question. It returns the rest of the
// question, without instructions such as "Answer with a number.", and the
// options; or no options if there are not at least two in sequence. Of several
// sequences the last one counts: the ones before belong to the question.
func parseOptions(text string) (string, []string) {
	lines := strings.Split(text, "\n")
	var run, found optionRun
	keep := func() {
		if len(run.options) >= 2 {
			found = run
		}
	}
	var between []string // lines since the last option, perhaps its continuation
	fence := ""
	for i, line := range lines {
		if fence != "" || isFence(line) {
			fence = toggleFence(fence, line)
			between = append(between, strings.TrimSpace(line))
			continue
		}
		l, option, ok := cutLabel(line)
		switch {
		case ok && len(run.options) > 0 && l.style == run.style && l.ordinal == len(run.options)+1:
			run.continueLast(between)
			run.options = append(run.options, option)
			run.last, between = i, nil
		case ok && l.ordinal == 1:
			keep()
			run = optionRun{first: i, last: i, style: l.style, options: []string{option}}
			between = nil
		default:
			between = append(between, strings.TrimSpace(line))
		}
	}
	keep()
	if len(found.options) == 0 {
		return text, nil
	}
	// Indented lines go on with the last option; the others are the question's.
	rest := found.last + 1
	for rest < len(lines) && isIndented(lines[rest]) {
		found.continueLast([]string{strings.TrimSpace(lines[rest])})
		rest++
	}
	stem := append(append([]string{}, lines[:found.first]...), lines[rest:]...)
	prompt := dropInstructions(strings.Join(stem, "\n"))
	if prompt == "" {
		return text, nil
	}
	return prompt, found.options
}

func (r *optionRun) continueLast(lines []string) {
	last := len(r.options) - 1
	r.options[last] = cleanLine(r.options[last] + " " + strings.Join(lines, " "))
}

func isFence(line string) bool {
	_, _, ok := opensFence(line)
	return ok
}

// toggleFence returns the mark of the fence that is open behind the line.
func toggleFence(open, line string) string {
	if open == "" {
		mark, _, _ := opensFence(line)
		return mark
	}
	if closesFence(line, open) {
		return ""
	}
	return open
}

func isIndented(line string) bool {
	return strings.TrimSpace(line) != "" && (strings.HasPrefix(line, "  ") || strings.HasPrefix(line, "\t"))
}

var inlineLabel = regexp.MustCompile(`(?:^|\s)\(?` + labelInside + `\)\s+`)

// parseInlineOptions takes options off a question that has them in one line,
// such as "Which one? 1) this 2) that". Callers use them only if the answer is
// one of them, since such text may mean something else.
func parseInlineOptions(text string) (string, []string) {
	lines := strings.Split(text, "\n")
	for i := len(lines) - 1; i >= 0; i-- {
		line := lines[i]
		marks := inlineLabel.FindAllStringSubmatchIndex(line, -1)
		var options []string
		style := ""
		for k, m := range marks {
			l, ok := newLabel(line[m[2]:m[3]], ")")
			if !ok || l.ordinal != k+1 || (k > 0 && l.style != style) {
				options = nil
				break
			}
			style = l.style
			end := len(line)
			if k+1 < len(marks) {
				end = marks[k+1][0]
			}
			options = append(options, strings.TrimRight(cleanLine(line[m[1]:end]), ",; "))
		}
		if len(options) < 2 {
			continue
		}
		stem := append(append(append([]string{}, lines[:i]...), line[:marks[0][0]]), lines[i+1:]...)
		if prompt := dropInstructions(strings.Join(stem, "\n")); prompt != "" {
			return prompt, options
		}
	}
	return text, nil
}

var implied = []struct {
	pattern *regexp.Regexp
	options []string
}{
	{regexp.MustCompile(`(?i)^\W*true\s*(?:or|/)\s*false\b|\b(?:answer|reply|respond)\s+(?:with\s+)?true\s+or\s+false\b`), []string{"True", "False"}},
	{regexp.MustCompile(`(?i)^\W*yes\s*(?:or|/)\s*no\s*[:?.]|\b(?:answer|reply|respond)\s+(?:with\s+)?yes\s+or\s+no\b`), []string{"Yes", "No"}},
	{regexp.MustCompile(`^\W*참\s*(?:또는|혹은|/)\s*거짓|참\s*(?:또는|혹은|/)\s*거짓(?:으로)?\s*(?:답|대답|응답)`), []string{"참", "거짓"}},
}

// impliedOptions returns the options of a question that names none because its
// form does: "True or False: …".
func impliedOptions(prompt string) []string {
	for _, form := range implied {
		if form.pattern.MatchString(prompt) {
			return append([]string{}, form.options...)
		}
	}
	return nil
}

// instructions are lines that tell how to answer. The screen tells that itself.
var instructions = []*regexp.Regexp{
	regexp.MustCompile(`(?i)^\W*(?:please\s+)?(?:answer|reply|respond)\s+(?:only\s+)?(?:with|by|using|true|yes)\b[^?]*$`),
	regexp.MustCompile(`(?i)^\W*(?:please\s+)?(?:type|enter|choose|select|pick|give|write)\s+(?:only\s+)?(?:the\s+|a\s+|your\s+|one\s+)?(?:correct\s+|best\s+|right\s+)?(?:number|letter|option|answer|one)(?:\s+or\s+(?:the\s+)?(?:number|letter))?(?:\s+(?:of|for)\s+(?:the|your)\s+(?:correct\s+|right\s+|best\s+)?(?:answer|option|choice))?\W*$`),
	regexp.MustCompile(`^\W*(?:정답\s*)?(?:의\s*)?(?:번호|숫자)(?:로|를|만|로만)?\s[^?]*(?:세요|시오|주세요|십시오)\W*$`),
	regexp.MustCompile(`^\W*참\s*(?:또는|혹은|/)\s*거짓(?:으로)?\s*[^?]*(?:세요|시오|십시오)\W*$`),
}

// dropInstructions takes such lines off the end of a question.
func dropInstructions(prompt string) string {
	const longest = 80 // runes; longer lines say more than how to answer
	lines := strings.Split(strings.TrimSpace(prompt), "\n")
	for len(lines) > 1 {
		line := strings.TrimSpace(lines[len(lines)-1])
		if line != "" && (utf8.RuneCountInString(line) > longest || !isInstruction(line)) {
			break
		}
		lines = lines[:len(lines)-1]
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

func isInstruction(line string) bool {
	for _, pattern := range instructions {
		if pattern.MatchString(line) {
			return true
		}
	}
	return false
}

// withoutLabels takes the labels off options that all have one, in sequence.
func withoutLabels(options []string) []string {
	bare := make([]string, len(options))
	style := ""
	for i, option := range options {
		l, text, ok := cutLabel(option)
		if !ok || l.ordinal != i+1 || (i > 0 && l.style != style) {
			return options
		}
		style, bare[i] = l.style, text
	}
	return bare
}
