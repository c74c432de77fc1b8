package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"lectern/gateway/audit"
)

func TestSince(t *testing.T) {
	now := time.Date(2026, 11, 25, 22, 30, 0, 0, time.FixedZone("somewhere", 2*60*60)) // 20:30 UTC
	for text, want := range map[string]string{
		"":                          "0001-01-01T00:00:00Z",
		"24h":                       "2026-11-24T20:30:00Z",
		"2026-11-24":                "2026-11-24T00:00:00Z",
		"2026-11-24 08:00:00":       "2026-11-24T08:00:00Z",
		"2026-11-24T08:00:00+01:00": "2026-11-24T07:00:00Z",
		"20:19":                     "2026-11-25T20:19:00Z",
		"20:30:01":                  "2026-11-24T20:30:01Z", // it has not been today
	} {
		if got, err := parseSince(text, now); err != nil || got.UTC().Format(time.RFC3339) != want {
			t.Errorf("%q is %v, %v, want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"yesterday", "-1h", "25:00", "2026-13-01"} {
		if got, err := parseSince(text, now); err == nil || !strings.Contains(err.Error(), "is no time; write how long ago, like 24h") {
			t.Errorf("%q is %v, %v", text, got, err)
		}
	}
}

func TestKindsOfEvents(t *testing.T) {
	kinds, err := parseKinds([]string{"refused", " killed"})
	if err != nil || !slices.Equal(kinds, []audit.Kind{audit.Refused, audit.Killed}) {
		t.Errorf("they are %q, %v", kinds, err)
	}
	wanted := wantedEvents{kinds: kinds}
	for kind, fits := range map[audit.Kind]bool{audit.Refused: true, audit.Killed: true, audit.SignedIn: false} {
		if wanted.fit(audit.Event{Kind: kind}) != fits {
			t.Errorf("%s fits: %t", kind, !fits)
		}
	}
	if !(wantedEvents{}).fit(audit.Event{Kind: audit.Gap}) {
		t.Error("where no kind is asked for, not all are shown")
	}
	_, err = parseKinds([]string{"refused", "nonsense"})
	for _, kind := range audit.Kinds() {
		if err == nil || !strings.Contains(err.Error(), string(kind)) {
			t.Errorf("%s is not in %v", kind, err)
		}
	}
}
