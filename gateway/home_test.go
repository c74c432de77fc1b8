package gateway

import (
	"testing"

	"lectern/course"
)

// TestStagesAreNumberedOnce: the picker puts the number before the title.
func TestStagesAreNumberedOnce(t *testing.T) {
	c := course.Course{Stages: []course.Stage{{Number: 1, Title: "Stage 1: Why the sea rises"}}}
	if got := viewOf(c, nil, course.Sequential).Stages[0].Title; got != "Why the sea rises" {
		t.Errorf("the picker is given %q", got)
	}
}
