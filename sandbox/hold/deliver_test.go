package hold

import (
	"errors"
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

func TestOnlyTheDeliveryThatIsTakenSetsTheEnvironment(t *testing.T) {
	r := start(t, "tells", func(o *Options) { o.Course = filepath.Join(t.TempDir(), "course") })
	// The connection of the first gateway is lost before it hears the answer.
	lost := r.dial(t)
	if err := DeliverCourse(t.Context(), lost, courseOf(t, "first"), "LECTERN_TEST_TOKEN=first"); err != nil {
		t.Fatal(err)
	}
	_ = lost.Close()
	if err := DeliverCourse(t.Context(), r.dial(t), courseOf(t, "second"), "LECTERN_TEST_TOKEN=second"); err != nil {
		t.Fatal(err)
	}
	lines, _ := r.join(t)
	expect(t, lines, "token first")
}

func TestADeliveryThatFailsSetsNothing(t *testing.T) {
	r := start(t, "tells", func(o *Options) { o.Course = filepath.Join(t.TempDir(), "course") })
	broken := r.dial(t)
	if err := sayHello(broken, Hello{Mode: Deliver, Environ: []string{"LECTERN_TEST_TOKEN=broken"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := readStatus(broken); err != nil {
		t.Fatal(err)
	}
	if err := writeFrame(broken, frameResize, nil); err != nil { // which is no part of a course
		t.Fatal(err)
	}
	_ = broken.Close()
	if err := DeliverCourse(t.Context(), r.dial(t), courseOf(t, "whole"), "LECTERN_TEST_TOKEN=whole"); err != nil {
		t.Fatal(err)
	}
	lines, _ := r.join(t)
	expect(t, lines, "token whole")
}

func TestTooMuchForTheEnvironmentIsNotSent(t *testing.T) {
	r := start(t, "tells", func(o *Options) { o.Course = filepath.Join(t.TempDir(), "course") })
	err := DeliverCourse(t.Context(), r.dial(t), courseOf(t, "x"), "LECTERN_TEST_TOKEN="+strings.Repeat("x", maxHello))
	if !errors.Is(err, errHelloTooLong) {
		t.Errorf("told %v", err)
	}
}
