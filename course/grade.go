package course

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxAnswerBytes bounds what grading looks at; nobody answers at such length.
const maxAnswerBytes = 8 << 10

// Grade compares a learner's answer with the right one. A choice may be named
// by its text, its number or its letter. A free answer is Right if it says the
// model answer in other case, punctuation or order of a list, with small typos,
// or one of several accepted answers, or all its significant words without
// turning them round; whatever is not certain is Unsure.
func (q Question) Grade(answer string) Verdict {
	if len(answer) > maxAnswerBytes {
		answer = strings.ToValidUTF8(answer[:maxAnswerBytes], "")
	}
	given := cleanLine(answer)
	switch {
	case given == "":
		return Unclear
	case q.Kind == MultipleChoice:
		return q.gradeChoice(given)
	}
	model := cleanLine(q.Answer)
	switch {
	case model != "" && canonical(given) == canonical(model):
		return Right
	case saysNothing(given):
		return Unclear
	case model == "":
		return Unsure
	}
	return gradeFree(q.Prompt, model, given)
}

func (q Question) gradeChoice(given string) Verdict {
	switch chosen := matchOption(q.Options, given); {
	case chosen < 0:
		return Unclear
	case q.Correct < 0:
		return Unsure
	case chosen == q.Correct:
		return Right
	}
	return Wrong
}

var nothing = regexp.MustCompile(`^(?:(?:i )?(?:really )?(?:dont|do not) know|dunno|idk|(?:i have )?no idea|no clue|not sure|im not sure|pass|skip|모르겠\S*|모름|몰라\S*|잘 모르겠\S*)$`)

// saysNothing reports whether a text is no attempt at an answer.
func saysNothing(given string) bool {
	words := textsOf(wordsOf(given))
	return len(words) == 0 && symbolsOf(given) == "" || nothing.MatchString(strings.Join(words, " "))
}

func textsOf(words []word) []string {
	texts := make([]string, len(words))
	for i, w := range words {
		texts[i] = w.text
	}
	return texts
}

// gradeFree compares with every accepted answer. It is Right if one is met,
// and Wrong only if the answer certainly misses them all.
func gradeFree(prompt, model, given string) Verdict {
	asked := map[string]bool{}
	for _, w := range wordsOf(prompt) {
		asked[w.text] = true
	}
	verdict := Wrong
	for _, accepted := range alternatives(model) {
		switch compare(accepted, given, asked) {
		case Right:
			return Right
		case Wrong:
		default:
			verdict = Unsure
		}
	}
	return verdict
}

var (
	choiceMark = regexp.MustCompile(`\s+(?:or|또는|혹은)\s+|\s+/\s+`)
	// aside is a part in parentheses that stands apart, unlike that of "f(x)".
	aside = regexp.MustCompile(`(^|\s)\(([^()]*)\)`)
)

// alternatives returns the answers that a model answer accepts: itself, the
// short parts of "A or B" and "A / B", and each without its asides.
func alternatives(model string) []string {
	const longestPart = 4 // words; in longer texts "or" is part of a sentence
	answers := []string{model}
	parts := choiceMark.Split(strings.TrimPrefix(model, "either "), -1)
	split := len(parts) > 1 && negations(wordsOf(model)) == 0
	for _, part := range parts {
		n := len(strings.Fields(aside.ReplaceAllString(part, "$1")))
		split = split && n > 0 && n <= longestPart
	}
	if split {
		answers = append(answers, parts...)
	}
	for _, a := range answers {
		if bare := canonical(aside.ReplaceAllString(a, "$1")); bare != "" && bare != a {
			answers = append(answers, bare)
		}
	}
	return answers
}

// compare judges an answer by one accepted answer.
func compare(model, given string, asked map[string]bool) Verdict {
	if a, ok := parseNumber(model); ok {
		if b, ok := parseNumber(given); ok {
			return compareNumbers(a, b)
		}
	}
	m, g := wordsOf(model), wordsOf(given)
	symbols := symbolsOf(model)
	switch {
	case symbols != symbolsOf(given):
		return Unsure
	case normalise(model) == normalise(given):
		return Right
	case symbols != "":
		return compareFormulas(model, given)
	case len(m) == 1 && len(g) == 1 && opposites[m[0].text] == g[0].text && g[0].text != "":
		return Wrong
	case negations(m) != negations(g):
		return Unsure
	}
	return compareWords(m, g, asked)
}

// opposites are the single words of which one excludes the other.
var opposites = map[string]string{
	"true": "false", "false": "true", "yes": "no", "no": "yes",
	"참": "거짓", "거짓": "참", "예": "아니오", "아니오": "예", "네": "아니요", "아니요": "네",
}

// number is a free answer that is nothing but a number.
type number struct {
	value  float64
	digits string
	unit   string // "" or "%"
}

var numberPattern = regexp.MustCompile(`^([-+−]?)((?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+)(e[-+]?\d{1,3})?\s?(%?)$`)

func parseNumber(text string) (number, bool) {
	text = strings.Trim(fold(text), " *_`\"'")
	m := numberPattern.FindStringSubmatch(strings.TrimRight(text, ".,;:!?"))
	if m == nil {
		return number{}, false
	}
	digits := strings.NewReplacer("−", "-", "+", "").Replace(m[1]) + strings.ReplaceAll(m[2], ",", "") + m[3]
	value, err := strconv.ParseFloat(digits, 64)
	return number{value, digits, m[4]}, err == nil
}

// compareNumbers is Unsure where the numbers are so close that one may be the
// other, rounded.
func compareNumbers(model, given number) Verdict {
	const (
		rounding = 0.01
		exact    = 15 // digits that a float64 tells apart
	)
	switch {
	case model.unit != given.unit:
		return Unsure
	case model.value == given.value && (len(model.digits) <= exact || model.digits == given.digits):
		return Right
	case math.Abs(model.value-given.value) <= rounding*math.Abs(model.value):
		return Unsure
	}
	return Wrong
}

var preamble = regexp.MustCompile(`^(?:(?:it|its|it's|the|answer|is) )+`)

// compareFormulas compares texts with signs in them, in which nothing but
// white space is free.
func compareFormulas(model, given string) Verdict {
	dense := func(text string) string { return strings.ReplaceAll(normalise(text), " ", "") }
	if dense(model) == dense(preamble.ReplaceAllString(normalise(given), "")) {
		return Right
	}
	return Unsure
}

// compareWords looks for the significant words of the model answer in the
// given one. It is Right or Unsure; words alone never prove an answer wrong.
func compareWords(model, given []word, asked map[string]bool) Verdict {
	const (
		mostWords = 400
		mostTypos = 2
	)
	wanted := significant(model)
	if len(wanted) == 0 || len(model) > mostWords || len(given) > mostWords {
		return Unsure
	}
	used, typos, ok := find(wanted, given, isOrderFree(model, wanted), asked)
	if !ok || typos > mostTypos {
		return Unsure
	}
	inModel := map[string]bool{}
	for _, w := range model {
		inModel[w.text] = true
	}
	extra := 0
	for i, w := range given {
		if used[i] || inModel[w.text] {
			continue
		}
		switch {
		case turnsRound[w.text] || isNearNegation(w.text):
			return Unsure
		case fillers[w.text] && !w.letter || prepositions[w.text] || asked[w.text]:
		case hasDigit(w.text) || utf8.RuneCountInString(w.text) == 1:
			return Unsure // another number, or another letter than "A"
		default:
			extra++
		}
	}
	// An answer that lists everything would be right by accident.
	if extra > max(2, len(wanted)) {
		return Unsure
	}
	return Right
}

// find matches every wanted word with a word of its own in given, in order
// unless free. It returns which words of given were used and how many typos.
func find(wanted, given []word, free bool, asked map[string]bool) (used []bool, typos int, ok bool) {
	used = make([]bool, len(given))
	next := 0
	for _, w := range wanted {
		start := next
		if free {
			start = 0
		}
		at, atTypo := -1, -1
		for i := start; i < len(given) && at < 0; i++ {
			same, typo := sameWord(w, given[i])
			switch {
			case used[i] || !same:
			case !typo:
				at = i
			case atTypo < 0 && !asked[given[i].text]: // a word of the question is no typo
				atTypo = i
			}
		}
		if at < 0 {
			at = atTypo
			typos++
		}
		if at < 0 {
			return nil, 0, false
		}
		used[at] = true
		next = at + 1
	}
	return used, typos, true
}

// isOrderFree reports whether the words of an answer may come in any order:
// one or two words, or a list, and nothing that relates them.
func isOrderFree(model, wanted []word) bool {
	list := false
	for _, w := range model {
		if relations[w.text] || hasDirection(w.text) || w.letter {
			return false
		}
		list = list || w.text == "and" || w.text == "및" || w.text == "그리고"
	}
	return len(wanted) <= 2 || list && len(wanted) <= 5
}

func hasDirection(text string) bool {
	for _, suffix := range []string{"에서", "로", "에게", "보다", "부터", "까지"} {
		if strings.HasSuffix(text, suffix) {
			return true
		}
	}
	return false
}
