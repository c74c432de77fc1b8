package audit

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

func TestReadTellsOfDamage(t *testing.T) {
	tr := newTrail(t)
	tr.record("a")
	for _, junk := range []string{"", "junk", `{"time":"2026-11-25T12:00:00Z"}`, `{"kind":"x"}`, "{}{}", strings.Repeat("x", 2*maxLine), "\x00"} {
		appendTo(t, tr.day.path(tr.dir), junk+"\n")
	}
	tr.record("b")
	tr.clock.move(aDay)
	tr.record("c")
	appendTo(t, dayOf(noon).path(tr.dir), "cut at the end of a day that is over")
	var got []string
	err := Read(tr.dir, time.Time{}, func(l Line) error {
		if l.Err != nil {
			got = append(got, fmt.Sprint("!", l.Number))
		} else {
			got = append(got, fmt.Sprint(l.Event.Detail, l.Number))
		}
		return nil
	})
	if s := strings.Join(got, " "); err != nil || s != "a1 !2 !3 !4 !5 !6 !7 !8 b9 !10 c1" {
		t.Errorf("read: %s, %v", s, err)
	}
}

func TestReadSince(t *testing.T) {
	tr := newTrail(t)
	for _, day := range []string{"a", "b", "c"} {
		tr.record(day)
		tr.clock.move(aDay)
	}
	if err := os.WriteFile(dayOf(noon).path(tr.dir), []byte("damage in a file that is too old\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	n := 0
	err := Read(tr.dir, noon.Add(aDay), func(l Line) error { n++; return l.Err })
	if err != nil || n != 2 {
		t.Errorf("%d lines, %v", n, err)
	}
}

// TestFollow: what is recorded later comes later, over a midnight too, and an
// unfinished line only once it is whole.
func TestFollow(t *testing.T) {
	tr := newTrail(t)
	tr.record("a")
	lines := make(chan Line)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- Follow(ctx, tr.dir, time.Time{}, func(l Line) error { lines <- l; return nil })
	}()
	expect := func(detail string, number int) {
		t.Helper()
		if l := <-lines; l.Err != nil || l.Event.Detail != detail || l.Number != number {
			t.Errorf("line %d is %+v, %v", l.Number, l.Event, l.Err)
		}
	}
	expect("a", 1)
	whole := Event{Time: noon, Kind: Attached, Detail: "b"}.line()
	appendTo(t, tr.day.path(tr.dir), string(whole[:9]))
	time.Sleep(2 * followEvery) // it looks, and there is nothing yet
	appendTo(t, tr.day.path(tr.dir), string(whole[9:]))
	expect("b", 2)
	tr.clock.move(aDay)
	tr.record("c", "d")
	expect("c", 1)
	expect("d", 2)
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestReadWhereNothingIs(t *testing.T) {
	if err := Read(t.TempDir()+"/none", time.Time{}, func(Line) error { return fmt.Errorf("a line") }); err != nil {
		t.Error(err)
	}
}

func TestSession(t *testing.T) {
	tr := newTrail(t)
	for i := range 6 {
		if i == 3 {
			tr.clock.move(aDay)
		}
		for _, session := range []string{"s1", "s2"} {
			if err := tr.Record(Event{Kind: Attached, Session: session, Detail: fmt.Sprint(i)}); err != nil {
				t.Fatal(err)
			}
		}
		// Another that only names it.
		if err := tr.Record(Event{Kind: Attached, Session: "s3", Detail: "s1"}); err != nil {
			t.Fatal(err)
		}
	}
	appendTo(t, tr.day.path(tr.dir), `damage "s1"`+"\n"+`{"unfinished":"s1`)
	for most, want := range map[int]string{0: "", 1: "5", 4: "2 3 4 5", 100: "0 1 2 3 4 5"} {
		events, err := tr.Session("s1", most)
		var got []string
		for _, e := range events {
			got = append(got, e.Detail)
		}
		if s := strings.Join(got, " "); s != want || err != nil {
			t.Errorf("the newest %d are %q, %v", most, s, err)
		}
	}
	if events, err := tr.Session("", 9); len(events) > 0 || err != nil {
		t.Errorf("without an id: %v, %v", events, err)
	}
}

// TestSessionIsNotLookedForEverywhere: of a trail of any length the end is read.
func TestSessionIsNotLookedForEverywhere(t *testing.T) {
	tr := newTrail(t)
	tr.record("far back")
	filler := strings.Repeat(strings.Repeat("x", 1023)+"\n", maxSearch>>10)
	appendTo(t, tr.day.path(tr.dir), filler)
	if events, err := tr.Session("s", 9); len(events) > 0 || err != nil {
		t.Errorf("found %v, %v", events, err)
	}
	tr.record("near")
	if events, err := tr.Session("s", 9); len(events) != 1 || err != nil {
		t.Errorf("found %v, %v", events, err)
	}
}

func TestWords(t *testing.T) {
	for want, e := range map[string]Event{
		"2026-11-25 12:00:00  signed-in           ada           from 192.0.2.1:5, key SHA256:2vGk…, as lab": {
			Kind: SignedIn, Login: "ada", Remote: "192.0.2.1:5", Key: "SHA256:2vGkq7wUO0m1hXn7i1yB6tqvF1pR7mJp0c8m0f2x3yA", Detail: "as lab",
		},
		"2026-11-25 12:00:00  refused             eve           key SHA256:x": {Kind: Refused, Login: "eve", Key: "SHA256:x"},
		"2026-11-25 12:00:00  refused             -             from 192.0.2.1:5, no_key, 7 times since 11:59:00": {
			Kind: Refused, Remote: "192.0.2.1:5", Reason: "no_key", Count: 7, Since: noon.Add(-time.Minute),
		},
		"2026-11-25 12:00:00  killed              ada           by grace, c stage 2, session s": {
			Kind: Killed, Login: "ada", By: "grace", Session: "s", Course: "c", Stage: 2,
		},
		"2026-11-25 12:00:00  gateway-stopped     -":                       {Kind: Stopped},
		"2026-11-25 12:00:00  browser-signed-out  ada           browser 1": {Kind: BrowserSignedOut, Login: "ada", Detail: "browser 1"},
		"2026-11-25 12:00:00  sandbox-ended       ada           [2J]0;x": {
			Kind: SandboxEnded, Login: "ada", Reason: "\x1b[2J\x1b]0;x\a\u009b\u202e",
		},
	} {
		e.Time = noon
		if got := e.Words(); got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
}

// FuzzRead: whatever is in a file, every event that is whole is given, and
// nothing else.
func FuzzRead(f *testing.F) {
	whole := Event{Time: noon, Kind: Attached, Detail: "whole"}.line()
	f.Add([]byte("{\"time\":"))
	f.Add(whole[:len(whole)-1])
	f.Add([]byte("\n\x00{}\n"))
	f.Fuzz(func(t *testing.T, junk []byte) {
		dir := t.TempDir()
		text := append(append(append([]byte{}, whole...), junk...), '\n')
		if err := os.WriteFile(dayOf(noon).path(dir), append(text, whole...), 0o600); err != nil {
			t.Fatal(err)
		}
		var first, last string
		if err := Read(dir, time.Time{}, func(l Line) error {
			if l.Number == 1 {
				first = l.Event.Detail
			}
			if (l.Err == nil) != (l.Event.Kind != "") {
				t.Errorf("line %d is %+v and %v", l.Number, l.Event, l.Err)
			}
			_ = l.Event.Words()
			last = l.Event.Detail
			return nil
		}); err != nil || first != "whole" || last != "whole" {
			t.Errorf("read %q and %q, %v", first, last, err)
		}
	})
}
