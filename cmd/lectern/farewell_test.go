package main

import (
	"bytes"
	"testing"
	"time"

	"lectern/cmd/lectern/config"
)

func TestFarewellSaysWhatLivesOn(t *testing.T) {
	c := config.Sandbox{Idle: 30 * time.Minute, MaxLife: 2 * time.Hour}
	for _, test := range []struct {
		left int
		want string
	}{
		{0, "\nLectern has stopped. No sandbox is left running.\n"},
		{1, "\nLectern has stopped. 1 sandbox lives on until nobody has typed for 30m, and for 2h in all at most; start the gateway again to go on.\n"},
		{3, "\nLectern has stopped. 3 sandboxes live on until nobody has typed for 30m, and for 2h in all at most; start the gateway again to go on.\n"},
	} {
		var out bytes.Buffer
		farewell(&out, test.left, c)
		if out.String() != test.want {
			t.Errorf("%d left: %q, want %q", test.left, out.String(), test.want)
		}
	}
}
