package course

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Three degrees of sameness of two texts, each wider than the one before.

// canonical makes texts equal that only differ in how their characters are
// encoded or in white space.
func canonical(text string) string {
	return strings.Join(strings.Fields(norm.NFC.String(text)), " ")
}

// fold is canonical regardless of case.
func fold(text string) string {
	return canonical(cases.Fold().String(text))
}

// normalise is fold without Markdown's marks and without punctuation and
// quotes around the text. A text of nothing else is only folded.
func normalise(text string) string {
	folded := fold(text)
	bare := canonical(strings.NewReplacer("**", "", "`", "").Replace(folded))
	if bare = strings.Trim(bare, " \"'“”‘’«»*_.,;:!?。．！？，、"); bare != "" {
		return bare
	}
	return folded
}

// word is one word of a free answer.
type word struct {
	text string
	// stem is the text without a plural s or a Korean particle of case.
	stem string
	role role
	// letter tells that it is a single capital inside a text, as in "vitamin A".
	letter bool
}

// role is what a Korean particle says of its word. A word without one may be
// anything, but subject and object must not be confused.
type role byte

const (
	anyRole role = iota
	subject
	object
)

// wordsOf splits a text into words, regardless of case.
func wordsOf(text string) []word {
	var words []word
	var current strings.Builder
	end := func() {
		if current.Len() > 0 {
			w := newWord(fold(current.String()))
			first, size := utf8.DecodeRuneInString(current.String())
			w.letter = len(words) > 0 && size == current.Len() && unicode.IsUpper(first)
			words = append(words, w)
			current.Reset()
		}
	}
	runes := []rune(canonical(text))
	for i, r := range runes {
		switch {
		case isWordRune(r):
			current.WriteRune(r)
		case r == '\'' || r == '’':
			// "don't" is one word.
		case r == '.' && isDigitAt(runes, i-1) && isDigitAt(runes, i+1):
			current.WriteRune(r)
		case r == ',' && isDigitAt(runes, i-1) && isDigitAt(runes, i+1) && isDigitAt(runes, i+3):
			// "1,000" is one number.
		default:
			end()
		}
	}
	end()
	return words
}

func isWordRune(r rune) bool {
	return r == '_' || unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r)
}

func isDigitAt(runes []rune, i int) bool {
	return i >= 0 && i < len(runes) && runes[i] >= '0' && runes[i] <= '9'
}

func newWord(text string) word {
	w := word{text: text, stem: text}
	last, _ := utf8.DecodeLastRuneInString(text)
	if unicode.Is(unicode.Hangul, last) {
		w.stem, w.role = cutParticle(text)
	} else if len(text) >= 4 && strings.HasSuffix(text, "s") && !strings.HasSuffix(text, "ss") {
		w.stem = strings.TrimSuffix(text, "s")
	}
	return w
}

// cutParticle takes off particles that do not change which thing is meant.
// Those of direction and comparison stay: they are part of the answer.
func cutParticle(text string) (string, role) {
	for _, p := range []struct {
		suffix string
		role   role
	}{
		{"입니다", anyRole}, {"이다", anyRole}, {"은", subject}, {"는", subject}, {"이", subject}, {"가", subject},
		{"을", object}, {"를", object}, {"의", anyRole}, {"와", anyRole}, {"과", anyRole},
	} {
		stem, ok := strings.CutSuffix(text, p.suffix)
		if ok && utf8.RuneCountInString(stem) >= 2 {
			return stem, p.role
		}
	}
	return text, anyRole
}

// sameWord compares two words; typo tells that they differ by one.
func sameWord(a, b word) (same, typo bool) {
	if a.role != anyRole && b.role != anyRole && a.role != b.role {
		return false, false
	}
	if a.text == b.text || a.stem == b.stem {
		return true, false
	}
	typo = isTypo(a.stem, b.stem)
	return typo, typo
}

// isTypo reports whether two words of five letters and more are one insertion,
// deletion, replacement or swap of neighbours apart. The first letter must
// agree, since a different one mostly makes another word ("typical",
// "atypical"), and no digit may differ.
func isTypo(a, b string) bool {
	const shortest = 5
	x, y := []rune(a), []rune(b)
	if len(x) > len(y) {
		x, y = y, x
	}
	if len(x) < shortest || len(y)-len(x) > 1 || x[0] != y[0] || hasDigit(a) || hasDigit(b) {
		return false
	}
	return withinOneEdit(x, y)
}

// withinOneEdit reports whether the Damerau-Levenshtein distance of two words
// is at most 1; y is as long as x or one longer.
func withinOneEdit(x, y []rune) bool {
	i := 0
	for i < len(x) && x[i] == y[i] {
		i++
	}
	if len(y) > len(x) {
		return string(x[i:]) == string(y[i+1:])
	}
	if i == len(x) || string(x[i+1:]) == string(y[i+1:]) {
		return true
	}
	return i+1 < len(x) && x[i] == y[i+1] && x[i+1] == y[i] && string(x[i+2:]) == string(y[i+2:])
}

func hasDigit(text string) bool {
	return strings.IndexFunc(text, unicode.IsNumber) >= 0
}

// symbolsOf returns the signs of a text that carry meaning, such as those of a
// formula. Texts with different signs are never certainly the same.
func symbolsOf(text string) string {
	text = strings.NewReplacer("**", "", "`", "").Replace(aside.ReplaceAllString(fold(text), "$1$2"))
	text = strings.Trim(text, " *")
	runes := []rune(text)
	var symbols strings.Builder
	for i, r := range runes {
		inWord := i > 0 && i+1 < len(runes) && isWordRune(runes[i-1]) && isWordRune(runes[i+1])
		switch {
		case r == '-' || r == '−':
			// A hyphen inside a word is none; a minus is.
			joins := inWord && (unicode.IsLetter(runes[i-1]) || unicode.IsLetter(runes[i+1]))
			loose := (i == 0 || runes[i-1] == ' ') && (i+1 == len(runes) || runes[i+1] == ' ')
			if !joins && !loose {
				symbols.WriteByte('-')
			}
		case r == '!' && i > 0 && (runes[i-1] == ')' || isWordRune(runes[i-1]) && (i == 1 || !isWordRune(runes[i-2]))):
			symbols.WriteByte('!') // a factorial
		case unicode.In(r, unicode.Sm, unicode.Sc) || strings.ContainsRune(`*/^%#@&\{}[]()`, r):
			symbols.WriteRune(r)
		}
	}
	return symbols.String()
}
