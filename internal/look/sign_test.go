package look

import (
	"testing"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
)

func TestSignsAreOneColumn(t *testing.T) {
	for _, s := range []string{SignBrand, SignCursor, SignDone, SignFailed, SignNotice, SignWatch, SignMore, "━", "─"} {
		if ansi.StringWidth(s) != 1 || ansi.StringWidthWc(s) != 1 {
			t.Errorf("%q is not one column wide", s)
		}
	}
}

func TestBar(t *testing.T) {
	none := lipgloss.NewStyle()
	for _, tt := range []struct {
		done, all int
		want      string
	}{{0, 5, "──────────"}, {1, 100, "━─────────"}, {2, 5, "━━━━──────"}, {99, 100, "━━━━━━━━━─"}, {5, 5, "━━━━━━━━━━"}, {0, 0, "──────────"}} {
		if got := Bar(tt.done, tt.all, 10, none, none); got != tt.want {
			t.Errorf("the bar of %d of %d is %q, want %q", tt.done, tt.all, got, tt.want)
		}
	}
}
