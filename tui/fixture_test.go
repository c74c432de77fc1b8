package tui

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"charm.land/bubbles/v2/spinner"
	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

var noon = time.Date(2026, time.March, 5, 12, 0, 0, 0, time.UTC)

// clock is set by tests and read by Start's reports as well.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// staged is a course's stages of which the first done ones are done.
func staged(done int, titles ...string) []Stage {
	var out []Stage
	for i, title := range titles {
		s := Stage{
			Number: i + 1, Title: title, Questions: 3, State: Locked,
			Description: "What the stage is about in two sentences. The second one is long enough to be broken on most terminals.",
			Concepts:    []string{"The first idea", "A second, larger idea", "How both fit together"},
		}
		switch {
		case i < done:
			s.State, s.DoneAt = Done, noon.Add(-48*time.Hour)
		case i == done:
			s.State = Open
		}
		out = append(out, s)
	}
	return out
}

func sampleHome() Home {
	return Home{Login: "octocat", Courses: []Course{
		{
			ID: "sorting", Title: "Sorting from first principles", Authors: []string{"Ada Example", "Bob Sample"},
			Description: "Why sorting is the first thing that every course on algorithms teaches.\nYou sort cards by hand, count your steps, and find out how few are enough.",
			Stages:      staged(2, "Cards on a table", "Counting comparisons", "Divide and merge", "A lower bound", "Sorting in practice"),
		},
		{ID: "graphs", Title: "Graphs and their walks", Stages: staged(0, "Nodes and edges", "Breadth first", "Depth first")},
		{ID: "first", Title: "First steps", Description: "A short course to try the lab.", Stages: staged(2, "Hello", "Goodbye")},
	}}
}

func koreanHome() Home {
	h := Home{Login: "김학습", Courses: []Course{
		{
			ID: "ko", Title: "정렬 알고리즘의 기초부터 병렬 처리까지 한 걸음씩 따라가는 긴 제목의 강의", Authors: []string{"홍길동", "김철수"},
			Description: "카드를 손으로 정렬하면서 비교 횟수를 세어 보고, 얼마나 적은 비교로 충분한지 스스로 알아냅니다. 마지막에는 합병 정렬을 직접 설명합니다.",
			Stages:      staged(1, "탁자 위의 카드", "비교 횟수 세기와 그 의미에 대한 아주 길고 자세한 설명", "나누고 합치기"),
		},
		{ID: "graphs", Title: "그래프와 탐색", Stages: staged(0, "정점과 간선", "너비 우선")},
	}}
	for i := range h.Courses[0].Stages {
		h.Courses[0].Stages[i].Description = "이 단계에서는 정렬의 기본 개념을 배우고, 예제를 하나씩 따라가며 직접 계산해 봅니다."
		h.Courses[0].Stages[i].Concepts = []string{"비교 정렬", "안정성(stability)", "최악의 경우"}
	}
	return h
}

func running(h Home) Home {
	h.Running = &Session{
		CourseID: "sorting", CourseTitle: "Sorting from first principles", Stage: 2, StageTitle: "Counting comparisons",
		Since: noon.Add(-12 * time.Minute), Expires: noon.Add(108 * time.Minute), Attached: true,
	}
	return h
}

func manyCourses(n int) Home {
	h := Home{Login: "octocat"}
	for i := range n {
		c := sampleHome().Courses[0]
		c.ID = fmt.Sprintf("course-%d", i)
		c.Title = fmt.Sprintf("Course %d: 병렬 처리 and other things", i+1)
		c.Stages = staged(i%10, "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")
		h.Courses = append(h.Courses, c)
	}
	return h
}

// driver stands in for the program: it runs commands in goroutines, keeps what
// they return, and hands it to the model when the test says so.
type driver struct {
	t     *testing.T
	app   *App // nil where it drives an Admin
	admin *Admin
	model tea.Model
	frame *frame
	clock *clock
	msgs  chan tea.Msg
	quit  bool
	// output is how much a watched terminal has to show.
	output int64
}

// drive returns a picker of 80 by 24 whose Start waits for its context unless
// the options bring another.
func drive(t *testing.T, o Options) *driver {
	t.Helper()
	d := &driver{t: t, clock: &clock{t: noon}, msgs: make(chan tea.Msg, 64)}
	o.Now = d.clock.now
	if o.Start == nil {
		o.Start = func(ctx context.Context, _ Choice, _ func(Phase)) error {
			<-ctx.Done()
			return ctx.Err()
		}
	}
	d.app = New(o)
	d.model, d.frame = d.app, d.app.frame
	t.Cleanup(d.app.Close)
	return d
}

func (d *driver) run(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	go func() {
		switch msg := cmd().(type) {
		case nil:
		case tea.BatchMsg:
			for _, c := range msg {
				d.run(c)
			}
		default:
			d.msgs <- msg
		}
	}()
}

func (d *driver) send(msg tea.Msg) {
	if _, ok := msg.(tea.QuitMsg); ok {
		d.quit = true
		return
	}
	_, cmd := d.model.Update(msg)
	d.run(cmd)
}

// until handles messages up to and including the first of type M. It drops the
// spinner's ticks unless they are what it waits for, since they come whenever
// they like.
func until[M tea.Msg](d *driver) M {
	d.t.Helper()
	deadline := time.After(10 * time.Second)
	for {
		select {
		case msg := <-d.msgs:
			m, wanted := msg.(M)
			if _, tick := msg.(spinner.TickMsg); tick && !wanted {
				continue
			}
			d.send(msg)
			if wanted {
				return m
			}
		case <-deadline:
			var want M
			d.t.Fatalf("no %T came; the screen is\n%s", want, d.screen())
		}
	}
}

var named = map[string]rune{
	"enter": tea.KeyEnter, "esc": tea.KeyEscape, "up": tea.KeyUp, "down": tea.KeyDown, "left": tea.KeyLeft,
	"right": tea.KeyRight, "home": tea.KeyHome, "end": tea.KeyEnd, "pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown,
	"backspace": tea.KeyBackspace, "tab": tea.KeyTab,
}

// press types keys: names as above, "ctrl+x", and any other text as itself.
func (d *driver) press(keys ...string) *driver {
	for _, k := range keys {
		var msg tea.KeyPressMsg
		if code, ok := named[k]; ok {
			msg.Code = code
		} else if letter, ok := strings.CutPrefix(k, "ctrl+"); ok {
			msg.Code, msg.Mod = rune(letter[0]), tea.ModCtrl
		} else {
			msg.Code, msg.Text = []rune(k)[0], k
		}
		d.send(msg)
	}
	return d
}

func (d *driver) resize(width, height int) { d.send(tea.WindowSizeMsg{Width: width, Height: height}) }

// screen is what is shown, without styles and trailing blanks.
func (d *driver) screen() string {
	lines := strings.Split(ansi.Strip(d.model.View().Content), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}

func (d *driver) shows(texts ...string) {
	d.t.Helper()
	got := d.screen()
	for _, want := range texts {
		if !strings.Contains(got, want) {
			d.t.Errorf("the screen does not show %q:\n%s", want, got)
		}
	}
}

func (d *driver) hides(texts ...string) {
	d.t.Helper()
	got := d.screen()
	for _, text := range texts {
		if strings.Contains(got, text) {
			d.t.Errorf("the screen shows %q:\n%s", text, got)
		}
	}
}
