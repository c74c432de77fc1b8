package gateway

import (
	"testing"

	"lectern/course"
)

// TestAnotherStageRunsMeanwhile: whoever chooses a stage from a list that is
// out of date must not land in another one.
func TestAnotherStageRunsMeanwhile(t *testing.T) {
	l := newLab(t, func(o *Options) {
		only := o.Courses.All()[0]
		other := only
		other.ID, other.Title = "second", "Second course"
		o.Courses = course.NewCatalogue([]course.Course{only, other})
	})
	client := l.dial()
	one, two := open(t, client, ""), open(t, client, "")
	one.shows("Second course")
	two.shows("Second course")
	one.types("\r")
	one.enter()

	two.types("j\r")
	two.shows("Only stage")
	two.types("\r")
	two.shows("Cannot start now")
	two.shows("Another connection of yours is in stage 1 of only")
	two.types("\r")
	two.shows("Only stage")
	two.types("\r")
	two.shows("A session is running in Only course, stage 1")
	two.types("n")
	two.expect("hello from")
	one.shows("You started another stage, so this session was ended")

	direct := open(t, client, "start only")
	direct.expect("another connection of yours is in stage 1 of second: in the picker you can go back to it or replace it\r\n")
}
