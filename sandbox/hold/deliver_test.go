package hold

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lectern/course/tarball"
	"lectern/sandbox"
	"lectern/sandbox/event"
)

func (r running) dial(t *testing.T) net.Conn {
	t.Helper()
	conn, err := Dial(t.Context(), r.socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// courseOf makes a folder with one file of the given text.
func courseOf(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "CLAUDE.md"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestNobodyJoinsBeforeTheCourse(t *testing.T) {
	place := filepath.Join(t.TempDir(), "papers", "course")
	r := start(t, "quiet", func(o *Options) { o.Course = place })
	lines, exits := r.join(t)
	if lines.Scan() {
		t.Errorf("the tutor began without its course: %q", lines.Text())
	}
	if exit := <-exits; exit.Ending != sandbox.Lost {
		t.Errorf("told %+v", exit)
	}
	conn := r.dial(t)
	if err := DeliverCourse(t.Context(), conn, courseOf(t, "first")); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(place, "CLAUDE.md")); err != nil || string(got) != "first" {
		t.Errorf("delivered %q, %v", got, err)
	}
	// The connection goes on as what its next hello says.
	news := make(chan Status, 4)
	s, err := Oversee(conn, Hear{
		Completed: func(event.Message) error { return nil },
		Changed:   func(s Status) { news <- s },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if now := <-news; !now.Delivered || now.Attached {
		t.Errorf("after the delivery: %+v", now)
	}
	lines, _ = r.join(t)
	expect(t, lines, "up")
	if now := <-news; !now.Attached || now.Epoch != 1 {
		t.Errorf("after the join: %+v", now)
	}
	// A second gateway changes nothing under the tutor's feet.
	if err := DeliverCourse(t.Context(), r.dial(t), courseOf(t, "second")); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(filepath.Join(place, "CLAUDE.md")); string(got) != "first" {
		t.Errorf("the course is %q after a second delivery", got)
	}
}

func TestACourseReplacesTheOneOfTheTimeBefore(t *testing.T) {
	place := filepath.Join(t.TempDir(), "course")
	if err := os.Mkdir(place, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(place, "old"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r := start(t, "quiet", func(o *Options) { o.Course = place })
	if err := DeliverCourse(t.Context(), r.dial(t), courseOf(t, "new")); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(place, "..", "*", "*")); len(left) != 1 {
		t.Errorf("there are %v", left)
	}
}

func TestTooLargeACourseIsRefusedInWords(t *testing.T) {
	before := parcel
	parcel = tarball.Limits{Unpacked: 1 << 10, Entries: 10}
	defer func() { parcel = before }()
	papers := t.TempDir()
	r := start(t, "quiet", func(o *Options) { o.Course = filepath.Join(papers, "course") })
	err := DeliverCourse(t.Context(), r.dial(t), courseOf(t, strings.Repeat("much ", 1<<10)))
	if err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("told %v", err)
	}
	if left, _ := os.ReadDir(papers); len(left) > 0 {
		t.Errorf("half a course is left: %v", left)
	}
}
