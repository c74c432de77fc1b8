package local

import (
	"strings"
	"testing"
)

// The proxy knows by these words that the model is asked for a summary, which
// quotes what a learner has typed (proxy, summaryWords).
func TestHowClaudeCodeAsksForASummary(t *testing.T) {
	l := newLessons(t)
	terminal, end := l.begin(1, "summary")
	defer end()
	l.model.next(t, terminal)
	terminal.Expect(`Answer 1\.`)
	terminal.Prompt("/compact and keep each word")
	asked := l.model.next(t, terminal)
	if !strings.Contains(asked.Everything, "Your task is to create a detailed summary of ") {
		t.Errorf("with the tools %v it asks in other words: %q", asked.Tools, asked.Last)
	}
}
