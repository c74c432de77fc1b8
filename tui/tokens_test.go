package tui

import "testing"

func TestCompactCounts(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0", 999: "999", 1000: "1k", 1049: "1k", 1100: "1.1k", 9999: "9.9k", 10_000: "10k", 199_999: "199k",
		1_000_000: "1M", 1_234_567: "1.2M", 999_999_999: "999M", 5_400_000_000: "5.4G", 1 << 50: "1125899G",
	} {
		if got := compact(n); got != want {
			t.Errorf("%d is written %q, want %q", n, got, want)
		}
	}
}

// TestTokensWhereThereAreNone: nothing is said of them, nor in the place of keys.
func TestTokensWhereThereAreNone(t *testing.T) {
	h := sampleHome()
	d := drive(t, Options{Home: h})
	d.hides("token")
	h.Tokens = &Tokens{}
	drive(t, Options{Home: h}).hides("token")
	h.Tokens = &Tokens{PerDay: 5000}
	d = drive(t, Options{Home: h})
	d.shows("0 of 5k tokens today")
	d.press("?").hides("token")
	d.press("?", "enter", "enter").hides("token")
	d.press("ctrl+c")
	until[startedMsg](d)
	d.resize(40, 15)
	d.hides("token")
	d.resize(68, 15)
	d.shows("0 of 5k tokens", "/ filter")
}
