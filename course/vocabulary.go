package course

import (
	"strings"
	"unicode/utf8"
)

// The few words whose meaning grading must know. They only ever make a verdict
// more careful or skip what says nothing; none of them makes an answer right.

func set(words string) map[string]bool {
	s := map[string]bool{}
	for _, w := range strings.Fields(words) {
		s[w] = true
	}
	return s
}

var (
	// fillers carry no meaning of their own.
	fillers = set(`a an the is are was were be been being it its this that these those of
		and so there they them their we you i my your our he she do does did has have had will would can
		because since which who what how also just very really simply basically answer think believe means called
		그 이 저 것 수 등 및 그리고 즉 왜냐하면`)

	// prepositions carry meaning where the model answer has them ("switch on"),
	// but may be added, and left out where they only begin it ("to prevent").
	prepositions = set(`in on at to for with by as into then`)

	// relations tie words together in an order that matters.
	relations = set(`to from before after than into onto over under above below by if unless until then when while per`)

	// turnsRound are words that, where the model answer lacks them, can make
	// its own words say something else.
	turnsRound = set(`or either maybe perhaps probably possibly might versus vs but however although though except only
		by than before after from if unless until opposite reverse inverse instead rather unlike contrary
		wrong false incorrect untrue fail fails failed lack lacks lacking absence avoid avoids avoiding
		prevent prevents preventing stop stops stopping remove removes removing eliminate eliminates ignore ignores
		half twice double triple square squared root sqrt log negative minus plus times off out
		reduce reduces less fewer hardly barely rarely seldom decrease decreases increase increases
		또는 혹은 아니면 아마 아마도 반대 반대로 대신 오히려 하지만 그러나 만`)

	// negating are words that deny; contractions have lost their apostrophe.
	negating = set(`not no never none nor neither nothing nobody nowhere without cannot cant non un anti
		isnt arent wasnt werent dont doesnt didnt havent hasnt hadnt couldnt shouldnt wouldnt wont mustnt neednt aint
		안 못 비 불 미 무 아뇨`)
)

// negations counts the words that deny.
func negations(words []word) int {
	n := 0
	for _, w := range words {
		if negating[w.text] || isKoreanNegation(w.text) {
			n++
		}
	}
	return n
}

func isKoreanNegation(text string) bool {
	for _, part := range []string{"않", "아니", "아닌", "아닙", "없", "못하", "못한", "틀린", "틀렸", "반대"} {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}

// isNearNegation reports whether a word may be a mistyped "not" or the like.
// It is generous: all it costs is certainty.
func isNearNegation(text string) bool {
	for denial := range negating {
		if len(denial) < 3 || denial[0] >= 0x80 {
			continue
		}
		x, y := []rune(denial), []rune(text)
		if len(x) > len(y) {
			x, y = y, x
		}
		if len(y)-len(x) <= 1 && withinOneEdit(x, y) {
			return true
		}
	}
	return false
}

// significant returns the words that an answer cannot do without.
func significant(words []word) []word {
	var kept []word
	for i, w := range words {
		last := i == len(words)-1
		switch {
		case w.letter || last && utf8.RuneCountInString(w.text) == 1:
			kept = append(kept, w)
		case fillers[w.text] || i == 0 && prepositions[w.text]:
		default:
			kept = append(kept, w)
		}
	}
	return kept
}
