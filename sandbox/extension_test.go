package sandbox

import (
	"strings"
	"testing"
	"time"
)

func TestCheckExtension(t *testing.T) {
	const day = 24 * time.Hour
	for _, tt := range []struct {
		d, most time.Duration
		want    string // "" for what is possible
	}{
		{time.Minute, 2 * time.Hour, ""},
		{2 * time.Hour, 2*time.Hour + 59*time.Second, ""},
		{0, day, "ask for a minute or more"},
		{-time.Hour, day, "ask for a minute or more"},
		{time.Minute, 30 * time.Second, "can last no longer"},
		{time.Minute, -time.Hour, "can last no longer"},
		{25*time.Hour + 58*time.Minute + 55565*time.Millisecond, 9*time.Hour + 30*time.Second, "can last 9 hours from now at most, and not 25 hours 58 minutes: ask for less"},
		{2*time.Hour + time.Second, 2 * time.Hour, "2 hours from now at most, and not 2 hours 1 minute"},
		{1<<63 - 1, time.Hour, "1 hour from now at most"},
	} {
		err := CheckExtension(tt.d, tt.most)
		if err == nil && tt.want != "" || err != nil && (tt.want == "" || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), ".")) {
			t.Errorf("%s of at most %s: %v, want %q", tt.d, tt.most, err, tt.want)
		}
	}
}
