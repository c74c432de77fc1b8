package progress

import (
	"slices"
	"testing"
)

// TestUsedToday: one count a learner who has used any since midnight UTC.
func TestUsedToday(t *testing.T) {
	s := open(t).at(noon)
	if got, err := s.UsedToday(); err != nil || len(got) > 0 {
		t.Errorf("an empty store has %v, %v", got, err)
	}
	used(t, s, use("1", "alice", noon, 10), use("2", "bob", noon, 20), use("3", "alice", noon, 30), use("4", "carl", noon.AddDate(0, 0, -1), 40))
	got, err := s.UsedToday()
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(got, func(a, b Tokens) int { return int(a.Output - b.Output) })
	want := []Tokens{{Input: 3, Output: 20, CacheRead: 100, CacheWrite: 7}, {Input: 6, Output: 40, CacheRead: 200, CacheWrite: 14}}
	if !slices.Equal(got, want) {
		t.Errorf("used today are %v, want %v", got, want)
	}
	if got, err := s.at(noon.AddDate(0, 0, 1)).UsedToday(); err != nil || len(got) > 0 {
		t.Errorf("the next day has %v, %v", got, err)
	}
}
