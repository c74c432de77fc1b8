package audit

import (
	"fmt"
	"strings"
	"time"
	"unicode"
)

// widestKind is the width of the column with the kinds.
var widestKind = func() (widest int) {
	for _, kind := range Kinds() {
		widest = max(widest, len(kind))
	}
	return widest
}()

// Words is the event as a line for people, with the time in UTC.
func (e Event) Words() string {
	var facts []string
	add := func(format, value string) {
		if value != "" {
			facts = append(facts, fmt.Sprintf(format, value))
		}
	}
	add("by %s", e.By)
	add("from %s", e.Remote)
	add("key %s", short(e.Key))
	if e.Course != "" {
		add("%s", fmt.Sprintf("%s stage %d", e.Course, e.Stage))
	}
	add("%s", e.Ending)
	add("evidence %s", e.Evidence)
	add("%s", e.Reason)
	add("%s", e.Detail)
	if e.Count > 0 {
		add("%s", fmt.Sprintf("%d times since %s", e.Count, e.Since.UTC().Format(time.TimeOnly)))
	}
	add("session %s", e.Session)
	login := e.Login
	if login == "" {
		login = "-"
	}
	line := fmt.Sprintf("%s  %-*s  %-12s  %s", e.Time.UTC().Format(time.DateTime), widestKind, e.Kind, login, strings.Join(facts, ", "))
	return printable(strings.TrimRight(line, " ")) // a file may have been changed
}

// short is the beginning of a fingerprint, which tells the keys of one person
// apart and leaves room on the line.
func short(fingerprint string) string {
	const enough = len("SHA256:") + 4
	if len(fingerprint) <= enough {
		return fingerprint
	}
	return fingerprint[:enough] + "…"
}

// printable is text without what a terminal could act upon.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, text)
}
