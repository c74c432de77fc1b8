package look

import (
	"strings"
	"testing"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
)

func TestWrap(t *testing.T) {
	bold := lipgloss.NewStyle().Bold(true)
	for _, tt := range []struct {
		s     string
		width int
		want  string
	}{
		{"some well-known words", 11, "some well-|known words"},
		{"commands print --json with it", 18, "commands print|--json with it"},
		{"connect with -p 22", 14, "connect with|-p 22"},
		{"print " + bold.Render("--json"), 10, "print|--json"},
		{bold.Render("well") + "-known", 6, "well-|known"},
		{"run " + Hold("ssh-keygen") + " now", 8, "run|ssh-keyg|en now"},
		{"run " + Hold("ssh-keygen") + " now", 12, "run|ssh-keygen|now"},
		{"---- --", 3, "---|-|--"},
		{"가-나 다", 3, "가-|나|다"},
		{"", 5, ""},
	} {
		if got := ansi.Strip(strings.Join(Wrap(tt.s, tt.width), "|")); got != tt.want {
			t.Errorf("Wrap(%q, %d) gives %q, want %q", tt.s, tt.width, got, tt.want)
		}
	}
}
