package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
)

// school is what the functions of an Admin act on in tests, and remembers what
// it was asked for.
type school struct {
	mu     sync.Mutex
	room   Room
	fault  error // of Load
	refuse error // of all else
	done   map[string]map[string][]int
	asked  chan string
	// hold makes every deed wait for its context.
	hold bool
}

func (s *school) set(change func(s *school)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

func (s *school) load(context.Context) (Room, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.room, s.fault
}

func (s *school) do(ctx context.Context, format string, args ...any) error {
	s.asked <- fmt.Sprintf(format, args...)
	s.mu.Lock()
	hold, err := s.hold, s.refuse
	s.mu.Unlock()
	if hold {
		<-ctx.Done()
		return ctx.Err()
	}
	return err
}

// options are those of an instructor in the school who loads by hand.
func (s *school) options() AdminOptions {
	return AdminOptions{
		Login: "octocat", Load: s.load, Every: time.Hour,
		Kill:    func(ctx context.Context, id, reason string) error { return s.do(ctx, "kill %s %q", id, reason) },
		Message: func(ctx context.Context, id, text string) error { return s.do(ctx, "message %q %q", id, text) },
		Extend: func(ctx context.Context, id string, d time.Duration) error {
			return s.do(ctx, "extend %s %v", id, d)
		},
		Done: func(_ context.Context, login string) (map[string][]int, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.refuse != nil {
				return nil, s.refuse
			}
			return s.done[login], nil
		},
		Grant: func(ctx context.Context, login, course string, stage int) error {
			return s.do(ctx, "grant %s %s %d", login, course, stage)
		},
		SetDoor: func(ctx context.Context, closed bool, reason string) error {
			return s.do(ctx, "door closed=%v %q", closed, reason)
		},
		Events: func(_ context.Context, id string) ([]HistoryLine, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			if slices.ContainsFunc(s.room.Queue, func(w Waiter) bool { return w.Session == id }) {
				return nil, nil
			}
			return []HistoryLine{
				{noon.Add(-12 * time.Minute), "Connected with SHA256:ROQFvPThGrW4RuWLoL9tq9I9zJ42fK4XywyRtbOz/EQ from 192.0.2.7"},
				{noon.Add(-11*time.Minute - 58*time.Second), "Sandbox made in 1.7 s"},
				{noon.Add(-4 * time.Minute), "Detached: the connection was lost"},
				{noon.Add(-3 * time.Minute), "Attached"},
			}, nil
		},
		Watch: func(ctx context.Context, _ string, _ io.Writer, _ func(int, int)) (string, error) {
			<-ctx.Done()
			return "", ctx.Err()
		},
	}
}

// attend returns an instructor's screen of 80 by 24 on which the room is shown.
func attend(t *testing.T, s *school, change ...func(*AdminOptions)) *driver {
	t.Helper()
	d := &driver{t: t, clock: &clock{t: noon}, msgs: make(chan tea.Msg, 64)}
	if s.asked == nil {
		s.asked = make(chan string, 16)
	}
	o := s.options()
	o.Now = d.clock.now
	for _, c := range change {
		c(&o)
	}
	d.admin = NewAdmin(o)
	d.model, d.frame = d.admin, d.admin.frame
	t.Cleanup(d.admin.Close)
	d.run(d.admin.Init())
	until[loadedMsg](d)
	return d
}

// refresh loads the school's room anew.
func (d *driver) refresh() {
	d.t.Helper()
	d.run(d.admin.load())
	until[loadedMsg](d)
}

func sampleRoom() Room {
	at := func(minutes float64) time.Time { return noon.Add(-time.Duration(minutes * float64(time.Minute))) }
	sorting, graphs := "Sorting from first principles", "Graphs and their walks"
	return Room{
		Places: 6, Courses: sampleHome().Courses,
		Sessions: []Seat{
			{
				Session: "s-ada", Login: "ada", CourseID: "sorting", CourseTitle: sorting, Stage: 3, StageTitle: "Divide and merge",
				Connected: true, Started: at(12), Expires: at(-108), LastInput: at(0.05), Place: "node-1", Sandbox: "lectern-ada-5f7c9", Tokens: 61_200,
				Watched: []string{"octocat"},
			},
			{
				Session: "s-bob", Login: "bob-the-builder", CourseID: "graphs", CourseTitle: graphs, Stage: 1, StageTitle: "Nodes and edges",
				DetachedAt: at(4), Started: at(82), Expires: at(-38), LastInput: at(6), Place: "node-2", Sandbox: "lectern-bob-the-builder-9d2aa", Tokens: 1_234_567,
			},
			{
				Session: "s-kim", Login: "kim-haksup", CourseID: "ko", CourseTitle: "정렬 알고리즘의 기초부터 병렬 처리까지 한 걸음씩", Stage: 2, StageTitle: "비교 횟수 세기",
				Connected: true, Started: at(47), Expires: at(-73), LastInput: at(0.7), Place: "node-1", Tokens: 8_100,
			},
			{
				Session: "s-eve", Login: "eve", CourseID: "sorting", CourseTitle: sorting, Stage: 1, StageTitle: "Cards on a table",
				Silent: true, Started: at(31), Expires: at(-89), Place: "node-2",
			},
			{
				Session: "s-oct", Login: "octocat", CourseID: "graphs", CourseTitle: graphs, Stage: 2, StageTitle: "Breadth first",
				Connected: true, Started: at(3), Expires: at(-117), LastInput: at(2), Place: "node-1", Tokens: 940, Mine: true,
			},
		},
		Queue: []Waiter{
			{Session: "s-dan", Login: "dan", CourseID: "sorting", CourseTitle: sorting, Stage: 1, Since: at(0.15), Phase: "pulling"},
			{Session: "s-fay", Login: "fay", CourseID: "graphs", CourseTitle: graphs, Stage: 3, Since: at(1.2), Position: 1},
			{Session: "s-gus", Login: "gus", CourseID: "first", CourseTitle: "First steps", Stage: 1, Since: at(0.5), Position: 2},
		},
	}
}

func manySeats(n int) Room {
	r := Room{Places: n, Courses: sampleHome().Courses}
	for i := range n {
		s := sampleRoom().Sessions[i%4]
		s.Session, s.Login = fmt.Sprintf("s-%03d", i), fmt.Sprintf("learner-%03d", i)
		s.Tokens = int64(i*7919%n) * 1000
		s.LastInput = noon.Add(-time.Duration(i*31%n) * time.Second)
		r.Sessions = append(r.Sessions, s)
	}
	return r
}

var errDown = errors.New("the cluster does not answer; look at the network or at kubectl get nodes")
