package hold

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"

	"lectern/sandbox"
)

// framesOf is what a holder, or somebody in its place, sends.
func framesOf(t testing.TB, frames ...any) []byte {
	t.Helper()
	var wire bytes.Buffer
	for i := 0; i < len(frames); i += 2 {
		if err := writeFrame(&wire, frames[i].(frameType), []byte(frames[i+1].(string))); err != nil {
			t.Fatal(err)
		}
	}
	return wire.Bytes()
}

func epochOf(n uint64) string {
	b := encodeEpoch(int(n)) // as it is, where that is no epoch
	return string(b)
}

// TestEpochsOfATamperedSandbox: no epoch is told that a page could not come back
// with, and nothing is shown before there is one.
func TestEpochsOfATamperedSandbox(t *testing.T) {
	exit := `{"ending":"exited"}`
	for name, c := range map[string]struct {
		mode   sandbox.AttachMode
		sent   []any
		told   []int
		shown  string
		ending sandbox.Ending
	}{
		"as it should be":         {sandbox.Control, []any{frameJoined, epochOf(7), frameData, "hi", frameExit, exit}, []int{7}, "hi", sandbox.Exited},
		"the last one":            {sandbox.Control, []any{frameJoined, epochOf(1<<31 - 1), frameExit, exit}, []int{1<<31 - 1}, "", sandbox.Exited},
		"one more":                {sandbox.Control, []any{frameJoined, epochOf(1 << 31), frameExit, exit}, nil, "", sandbox.Lost},
		"all bits":                {sandbox.Control, []any{frameJoined, epochOf(1<<64 - 1), frameExit, exit}, nil, "", sandbox.Lost},
		"none":                    {sandbox.Control, []any{frameJoined, epochOf(0), frameExit, exit}, nil, "", sandbox.Lost},
		"short":                   {sandbox.Control, []any{frameJoined, "\x01", frameExit, exit}, nil, "", sandbox.Lost},
		"a second one":            {sandbox.Control, []any{frameJoined, epochOf(1), frameJoined, epochOf(2), frameExit, exit}, []int{1}, "", sandbox.Lost},
		"output before it":        {sandbox.Control, []any{frameData, "hi", frameJoined, epochOf(1), frameExit, exit}, nil, "", sandbox.Lost},
		"an end before it":        {sandbox.Control, []any{frameExit, exit}, nil, "", sandbox.Exited},
		"a watcher's":             {sandbox.Watch, []any{frameJoined, epochOf(1), frameExit, exit}, nil, "", sandbox.Lost},
		"a watcher, who has none": {sandbox.Watch, []any{frameData, "hi", frameExit, exit}, nil, "hi", sandbox.Exited},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			var told []int
			epoch := 0
			got := receive(bytes.NewReader(framesOf(t, c.sent...)), c.mode, sandbox.Terminal{
				Out: &out, Joined: func(epoch int) { told = append(told, epoch) },
			}, &epoch)
			if got.Ending != c.ending || !slices.Equal(told, c.told) || out.String() != c.shown {
				t.Errorf("it ended by %q, told of the epochs %d and showed %q", got.Ending, told, &out)
			}
			if len(c.told) > 0 && epoch != c.told[0] {
				t.Errorf("the epoch is %d", epoch)
			}
		})
	}
}

func FuzzReceive(f *testing.F) {
	f.Add(framesOf(f, frameJoined, epochOf(1), frameData, "hi", frameTakenOver, ""))
	f.Add(framesOf(f, frameJoined, epochOf(1<<31)))
	f.Add(framesOf(f, frameJoined, epochOf(2), frameJoined, epochOf(3)))
	f.Fuzz(func(t *testing.T, p []byte) {
		told, epoch := 0, 0
		receive(bytes.NewReader(p), sandbox.Control, sandbox.Terminal{
			Out: io.Discard,
			Joined: func(epoch int) {
				if told++; epoch < 1 || epoch > 1<<31-1 {
					t.Errorf("the epoch %d is told", epoch)
				}
			},
		}, &epoch)
		if told > 1 || told == 1 != (epoch > 0) {
			t.Errorf("%d epochs are told, and the last is %d", told, epoch)
		}
	})
}
