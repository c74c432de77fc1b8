package audit

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const aDay = 24 * time.Hour

func TestOneFileADay(t *testing.T) {
	tr := newTrail(t)
	tr.record("a")
	tr.clock.move(12*time.Hour - time.Nanosecond)
	tr.record("b")
	tr.clock.move(time.Nanosecond)
	tr.record("c")
	tr.again()
	tr.record("d")
	tr.expect("2026-11-25: a b 2026-11-26: c d")
}

func TestOldFilesAreRemoved(t *testing.T) {
	tr := newTrail(t) // which keeps three days
	stranger := filepath.Join(tr.dir, "audit-2020-01-01.jsonl.bak")
	if err := os.WriteFile(stranger, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, day := range []string{"a", "b", "c", "d", "e", "f"} {
		tr.record(day)
		tr.clock.move(aDay)
	}
	// As of the day before the newest one, four days back.
	tr.expect("2026-11-26: b 2026-11-27: c 2026-11-28: d 2026-11-29: e 2026-11-30: f")
	tr.again()
	tr.record("g")
	tr.expect("2026-11-27: c 2026-11-28: d 2026-11-29: e 2026-11-30: f 2026-12-01: g")
	if _, err := os.Stat(stranger); err != nil {
		t.Errorf("a file that is none of the trail's is gone: %v", err)
	}
}

// TestTheClockJumpsAhead: by more than files are kept, and nothing is lost by it.
func TestTheClockJumpsAhead(t *testing.T) {
	tr := newTrail(t)
	tr.record("a")
	tr.clock.move(aDay)
	tr.record("b")
	tr.clock.move(365 * aDay)
	tr.record("c")
	tr.again()
	tr.clock.move(-365 * aDay)
	tr.record("d")
	tr.again()
	tr.record("e")
	// In the order in which they came, in the newest file there is.
	tr.expect("2026-11-25: a 2026-11-26: b 2027-11-26: c d e")
	if log := tr.log.String(); strings.Count(log, "a day to come") != 1 {
		t.Errorf("the log says %s", log)
	}
}

func TestTheClockIsSetBackOverMidnight(t *testing.T) {
	tr := newTrail(t)
	tr.record("a")
	tr.clock.move(12 * time.Hour)
	tr.record("b")
	tr.clock.move(-time.Hour)
	tr.record("c")
	tr.clock.move(2 * time.Hour)
	tr.record("d")
	tr.expect("2026-11-25: a 2026-11-26: b c d")
}

func TestATornLineIsMended(t *testing.T) {
	for name, torn := range map[string]string{
		"cut":            `{"time":"2026-11-25T12:00:00Z","ki`,
		"a byte":         "{",
		"a block of NUL": strings.Repeat("\x00", 4096),
		"long":           strings.Repeat("x", 10_000),
		"none":           "",
	} {
		tr := newTrail(t)
		tr.record("a", "b")
		path := tr.day.path(tr.dir)
		if err := tr.Close(); err != nil {
			t.Fatal(err)
		}
		appendTo(t, path, torn)
		tr.expect("2026-11-25: a b") // also before it is mended
		tr.open()
		tr.record("c")
		tr.expect("2026-11-25: a b c")
		if said := strings.Contains(tr.log.String(), "unfinished last line"); said != (torn != "") {
			t.Errorf("%s: the log says %s", name, tr.log)
		}
	}
}

// TestATornFirstLine: the file is one that had nothing yet.
func TestATornFirstLine(t *testing.T) {
	tr := newTrail(t)
	appendTo(t, dayOf(noon).path(tr.dir), `{"ti`)
	tr.again()
	tr.record("a")
	tr.expect("2026-11-25: a")
}

// TestFilesThatOthersTouch: the folder is cleared, a file is cut or removed,
// while the trail is written.
func TestFilesThatOthersTouch(t *testing.T) {
	tr := newTrail(t)
	path := dayOf(noon).path(tr.dir)
	tr.record("a", "b")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	tr.record("c", "d")
	tr.expect("2026-11-25: c d")
	if err := os.Truncate(path, tr.size-10); err != nil {
		t.Fatal(err)
	}
	tr.record("e")
	tr.expect("2026-11-25: c e")
	if err := os.RemoveAll(tr.dir); err != nil {
		t.Fatal(err)
	}
	tr.record("f")
	tr.expect("2026-11-25: f")
}

func appendTo(t *testing.T, path, text string) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteString(text); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
}
