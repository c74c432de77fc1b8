package course

import "strings"

// Bounds on what one course may hold. They lie far above every real course and
// keep a hostile one from filling the memory of the gateway.
const (
	maxFileBytes = 8 << 20
	maxStages    = 200
	maxConcepts  = 500 // in a stage
	maxQuestions = 500 // in a stage
	maxOptions   = 26  // they are also chosen by letter
	maxLines     = 100 // key ideas, authors and the like
	maxLineRunes = 300 // in a title and other texts of one line
)

// shorten cuts a text to at most limit runes, the last of which is then "…",
// and between two words where that leaves most of it.
func shorten(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	runes := []rune(text)
	if len(runes) <= limit {
		return text
	}
	cut := string(runes[:limit-1])
	if end := strings.LastIndexByte(cut, ' '); end > len(cut)*3/4 {
		cut = strings.TrimRight(cut[:end], " ,;:")
	}
	return cut + "…"
}
