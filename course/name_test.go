package course

import "testing"

func TestStageName(t *testing.T) {
	for title, want := range map[string]string{
		"Stage 2: Waves": "Waves", "Stage 2 – Waves": "Waves", "Stage 2": "Stage 2", "Stage 2:": "Stage 2:",
		"Stage 21: Waves": "Stage 21: Waves", "Stage 2 lights": "Stage 2 lights", "Waves": "Waves",
	} {
		if got := (Stage{Number: 2, Title: title}).Name(); got != want {
			t.Errorf("%q becomes %q, want %q", title, got, want)
		}
	}
}
