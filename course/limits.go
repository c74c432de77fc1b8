package course

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

// shorten cuts a text to at most limit runes, the last of which is then "…".
func shorten(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	runes := []rune(text)
	if len(runes) <= limit {
		return text
	}
	return string(runes[:limit-1]) + "…"
}
