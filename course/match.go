package course

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

var (
	bareLabel   = regexp.MustCompile(`^[(#]?\s*` + labelInside + `\s*[).:]?$`)
	wordedLabel = regexp.MustCompile(`(?i)^(?:option|number|no\.?|answer|choice)\s*` + labelInside + `\s*[).:]?$`)
	koreanLabel = regexp.MustCompile(`^` + labelInside + `\s*번$`)
)

// matchOption returns the index of the option that an answer names by its text,
// its number or its letter, or both; -1 if it names none or more than one. The
// exact text comes first, since options can be numbers or letters themselves.
func matchOption(options []string, answer string) int {
	answer = cleanLine(answer)
	if answer == "" {
		return -1
	}
	for _, form := range []func(string) string{func(s string) string { return s }, canonical, fold, normalise} {
		if i, count := only(options, func(o string) bool { return form(o) == form(answer) }); count > 0 {
			return i
		}
	}
	if i, ok := labelIndex(answer); ok {
		if i < len(options) {
			return i
		}
		return initialOf(options, answer)
	}
	if l, text, ok := cutLabel(answer); ok && l.ordinal <= len(options) {
		named := l.ordinal - 1
		// The text must agree with the label, or the answer names two options.
		if text, option := normalise(text), normalise(options[named]); text == option || beginsWith(text, option) {
			return named
		}
	}
	return -1
}

// matchImplied also takes an answer that goes on behind the option, such as
// "False, since the mask hides it". It is meant for True and False only.
func matchImplied(options []string, answer string) int {
	if len(options) != 2 {
		return -1
	}
	if i := matchOption(options, answer); i >= 0 {
		return i
	}
	for _, form := range implied {
		if fold(options[0]) == fold(form.options[0]) && fold(options[1]) == fold(form.options[1]) {
			i, _ := only(options, func(o string) bool { return beginsWith(fold(cleanLine(answer)), fold(o)) })
			return i
		}
	}
	return -1
}

// only returns the index of the single text that passes the test and how many
// do; the index is -1 unless exactly one does.
func only(texts []string, test func(string) bool) (index, count int) {
	index = -1
	for i, t := range texts {
		if test(t) {
			index = i
			count++
		}
	}
	if count != 1 {
		index = -1
	}
	return index, count
}

// labelIndex reads an answer that is nothing but a label.
func labelIndex(answer string) (int, bool) {
	for _, pattern := range []*regexp.Regexp{bareLabel, wordedLabel, koreanLabel} {
		if m := pattern.FindStringSubmatch(answer); m != nil {
			l, ok := newLabel(m[1], "")
			return l.ordinal - 1, ok
		}
	}
	if utf8.RuneCountInString(answer) == 1 && strings.Contains(circledLabels, answer) {
		l, ok := newLabel(answer, "")
		return l.ordinal - 1, ok
	}
	return 0, false
}

// initialOf returns the only option that starts with the given single letter,
// as in "t" for True.
func initialOf(options []string, letter string) int {
	if r, size := utf8.DecodeRuneInString(letter); size != len(letter) || !unicode.IsLetter(r) {
		return -1
	}
	i, _ := only(options, func(o string) bool { return strings.HasPrefix(fold(o), fold(letter)) })
	return i
}

// beginsWith reports whether text starts with the whole words of prefix.
func beginsWith(text, prefix string) bool {
	rest, ok := strings.CutPrefix(text, prefix)
	if !ok || prefix == "" || rest == "" {
		return false
	}
	r, _ := utf8.DecodeRuneInString(rest)
	return !unicode.IsLetter(r) && !unicode.IsNumber(r)
}
