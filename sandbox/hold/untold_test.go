package hold

import (
	"fmt"
	"slices"
	"testing"
)

func (u *untold) want(t *testing.T, lines ...string) {
	t.Helper()
	if !slices.Equal(u.lines, lines) {
		t.Fatalf("untold are %q, want %q", u.lines, lines)
	}
}

// A line is gone once the learner types behind it, and not before.
func TestUntoldUntilTyped(t *testing.T) {
	var u untold
	u.typed()
	for _, text := range []string{"one", "two", "", "two", "three"} {
		u.add(text)
	}
	u.typed() // none has stood yet
	u.want(t, "one", "two", "three")
	u.stood("one")
	u.stood("one") // is over
	if u.next() != "two" {
		t.Fatalf("behind the first comes %q", u.next())
	}
	u.joined() // nobody has typed, so all of it comes again
	if u.next() != "one" {
		t.Fatalf("a new terminal is shown %q first", u.next())
	}
	u.stood("one")
	u.stood("two")
	u.typed()
	u.want(t, "three")
	u.stood("three")
	if u.next() != "" {
		t.Fatalf("behind the last there is %q", u.next())
	}
	u.add("three") // once more
	if u.want(t, "three"); u.next() != "three" {
		t.Error("what is told again is not shown again")
	}
}

func TestUntoldIsBounded(t *testing.T) {
	var u untold
	var want []string
	for i := range 3 * untoldKept {
		u.add(fmt.Sprint(i))
		if i == 0 {
			u.stood("0")
		}
		if i >= 2*untoldKept {
			want = append(want, fmt.Sprint(i))
		}
	}
	u.want(t, want...)
	if u.next() != want[0] {
		t.Errorf("next is %q", u.next())
	}
	if got := u.take(); !slices.Equal(got, want) || u.next() != "" {
		t.Errorf("took %q", got)
	}
}
