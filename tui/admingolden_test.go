package tui

import (
	"context"
	"fmt"
	"image/color"
	"io"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
)

// adminScenes are all the screens of an instructor, in the states that matter.
var adminScenes = []struct {
	name string
	set  func(t *testing.T) *driver
}{
	{"admin-table", func(t *testing.T) *driver { return attend(t, &school{room: sampleRoom()}) }},
	{"admin-table-by-tokens", func(t *testing.T) *driver {
		return attend(t, &school{room: sampleRoom()}).press("s", "s", "s", "end")
	}},
	{"admin-table-many", func(t *testing.T) *driver {
		return attend(t, &school{room: manySeats(200)}).press("pgdown", "pgdown", "pgdown", "pgdown")
	}},
	{"admin-table-filter", func(t *testing.T) *driver {
		return attend(t, &school{room: sampleRoom()}).press("/", "n", "o", "d", "e", "-", "1")
	}},
	{"admin-table-filter-kept", func(t *testing.T) *driver {
		return attend(t, &school{room: sampleRoom()}).press("/", "a", "w", "a", "y", "enter")
	}},
	{"admin-table-empty", func(t *testing.T) *driver { return attend(t, &school{room: Room{Places: 4}}) }},
	{"admin-door-closed", func(t *testing.T) *driver {
		r := sampleRoom()
		r.DoorClosed, r.DoorReason = true, "The lab is being updated. Please come back at three."
		return attend(t, &school{room: r})
	}},
	{"admin-load-failed", func(t *testing.T) *driver {
		s := &school{room: sampleRoom()}
		d := attend(t, s)
		s.set(func(s *school) { s.fault = errDown })
		d.clock.add(14 * time.Second)
		d.refresh()
		return d
	}},
	{"admin-never-loaded", func(t *testing.T) *driver { return attend(t, &school{fault: errDown}) }},
	{"admin-details", func(t *testing.T) *driver { return inspected(t) }},
	{"admin-details-waiting", func(t *testing.T) *driver {
		return inspected(t, "down", "down")
	}},
	{"admin-details-ended", func(t *testing.T) *driver {
		s := &school{room: sampleRoom()}
		d := attend(t, s).press("enter")
		until[historyMsg](d)
		s.set(func(s *school) { s.room.Sessions = s.room.Sessions[1:] })
		d.refresh()
		return d
	}},
	{"admin-kill", func(t *testing.T) *driver { return attend(t, &school{room: sampleRoom()}).press("x") }},
	{"admin-kill-reason", func(t *testing.T) *driver {
		d := attend(t, &school{room: sampleRoom()}).press("x", "r")
		d.send(tea.PasteMsg{Content: "The class is over, come back tomorrow at ten"})
		return d
	}},
	{"admin-kill-reason-kept", func(t *testing.T) *driver {
		d := attend(t, &school{room: sampleRoom()}).press("x", "r")
		d.send(tea.PasteMsg{Content: "The class is over, come back tomorrow at ten"})
		return d.press("enter")
	}},
	{"admin-kill-own", func(t *testing.T) *driver { return attend(t, &school{room: sampleRoom()}).press("end", "x") }},
	{"admin-kill-running", func(t *testing.T) *driver {
		return attend(t, &school{room: sampleRoom(), hold: true}).press("x", "y")
	}},
	{"admin-kill-done", func(t *testing.T) *driver {
		d := attend(t, &school{room: sampleRoom()}).press("x", "y")
		until[doneMsg](d)
		return d
	}},
	{"admin-kill-failed", func(t *testing.T) *driver {
		d := attend(t, &school{room: sampleRoom(), refuse: errDown}).press("x", "y")
		until[doneMsg](d)
		return d
	}},
	{"admin-message", func(t *testing.T) *driver {
		d := attend(t, &school{room: sampleRoom()}).press("m")
		d.send(tea.PasteMsg{Content: "The merge step is on page 3\n\x1b[31mof the paper."})
		return d
	}},
	{"admin-message-all", func(t *testing.T) *driver {
		d := attend(t, &school{room: sampleRoom()}).press("M")
		d.send(tea.PasteMsg{Content: strings.Repeat("Lunch is at noon, 점심은 열두 시에. ", 6)})
		return d
	}},
	{"admin-extend", func(t *testing.T) *driver { return attend(t, &school{room: sampleRoom()}).press("e") }},
	{"admin-extend-other", func(t *testing.T) *driver {
		return attend(t, &school{room: sampleRoom()}).press("e", "4", "5", "m")
	}},
	{"admin-extend-midnight", func(t *testing.T) *driver {
		r := sampleRoom()
		r.Sessions[0].Expires, r.Sessions[0].MostLeft = noon.Add(11*time.Hour+40*time.Minute), 13*time.Hour
		return attend(t, &school{room: r}).press("e")
	}},
	{"admin-grant-login", func(t *testing.T) *driver { return attend(t, &school{room: sampleRoom()}).press("g") }},
	{"admin-grant-course", func(t *testing.T) *driver { return granting(t) }},
	{"admin-grant-stage", func(t *testing.T) *driver { return granting(t).press("enter") }},
	{"admin-grant", func(t *testing.T) *driver { return granting(t).press("enter", "enter") }},
	{"admin-close-door", func(t *testing.T) *driver { return attend(t, &school{room: sampleRoom()}).press("d") }},
	{"admin-open-door", func(t *testing.T) *driver {
		r := sampleRoom()
		r.DoorClosed = true
		return attend(t, &school{room: r}).press("d")
	}},
	{"admin-watch-waiting", func(t *testing.T) *driver { return attend(t, &school{room: sampleRoom()}).press("w") }},
	{"admin-watch", func(t *testing.T) *driver {
		d, _ := watching(t, 60, 16, lesson)
		return d
	}},
	{"admin-watch-larger", func(t *testing.T) *driver {
		d, _ := watching(t, 130, 50, strings.Repeat("The quick brown fox jumps over the lazy dog. 다람쥐 헌 쳇바퀴에 타고파. ", 40))
		return d.press("up", "right")
	}},
	{"admin-watch-ended", func(t *testing.T) *driver {
		d, end := watching(t, 60, 16, lesson)
		end("ada's session was ended")
		until[watchedMsg](d)
		return d
	}},
	{"admin-help", func(t *testing.T) *driver { return attend(t, &school{room: sampleRoom()}).press("?") }},
	{"admin-help-empty", func(t *testing.T) *driver { return attend(t, &school{room: Room{Places: 4}}).press("?") }},
	{"admin-korean", func(t *testing.T) *driver {
		r := sampleRoom()
		for i := range r.Sessions {
			r.Sessions[i].CourseTitle, r.Sessions[i].StageTitle = r.Sessions[2].CourseTitle, r.Sessions[2].StageTitle
			r.Sessions[i].Place = "서울-노드"
		}
		return attend(t, &school{room: r})
	}},
}

const lesson = "\x1b[1mDivide and merge\x1b[m\r\n\r\nHow many comparisons does a merge of two lists of\r\nfour cards take at most?\r\n\r\n\x1b[33m> seven"

// inspected has the details of a guest open, with their events.
func inspected(t *testing.T, keys ...string) *driver {
	d := attend(t, &school{room: sampleRoom()}).press(keys...).press("enter")
	until[historyMsg](d)
	return d
}

// granting lists the courses of which ada gets a stage, who has two already.
func granting(t *testing.T) *driver {
	d := attend(t, &school{room: sampleRoom(), done: map[string]map[string][]int{"ada": {"sorting": {1, 2}}}}).press("g", "enter")
	until[earnedMsg](d)
	return d
}

// watching shows a learner's terminal with some output on it. end ends the watch
// from the other side.
func watching(t *testing.T, cols, rows int, output string) (d *driver, end func(ending string)) {
	t.Helper()
	endings := make(chan string, 1)
	d = attend(t, &school{room: sampleRoom()}, func(o *AdminOptions) {
		o.Watch = func(ctx context.Context, _ string, out io.Writer, sized func(int, int)) (string, error) {
			sized(cols, rows)
			_, _ = io.WriteString(out, output)
			select {
			case ending := <-endings:
				return ending, nil
			case <-ctx.Done():
				return "", ctx.Err()
			}
		}
	})
	d.output = int64(len(output))
	d.press("w")
	d.untilDrawn()
	return d, func(ending string) { endings <- ending }
}

// untilDrawn waits until a watched terminal shows all that was written, in the
// part of it that the newest keys and sizes ask for.
func (d *driver) untilDrawn() {
	d.t.Helper()
	w := d.admin.top().(*watch)
	for w.shown.written < d.output || w.shown.aim != *w.mirror.crop.Load() {
		until[frameMsg](d)
	}
}

var adminSizes = [][2]int{{80, 24}, {40, 15}, {120, 40}}

func TestAdminGoldens(t *testing.T) {
	for _, s := range adminScenes {
		t.Run(s.name, func(t *testing.T) {
			d := s.set(t)
			var b strings.Builder
			for _, size := range adminSizes {
				d.resize(size[0], size[1])
				d.redraw()
				fits(t, d)
				fmt.Fprintf(&b, "-- %d×%d --\n%s\n", size[0], size[1], d.screen())
			}
			golden(t, s.name, b.String())
		})
	}
}

// redraw waits for the picture of a watched terminal that fits the newest size.
func (d *driver) redraw() {
	if w, ok := d.admin.top().(*watch); ok && w.ended == "" && d.output > 0 {
		d.untilDrawn()
	}
}

func TestAdminGoldenColours(t *testing.T) {
	for name, set := range map[string]func(*driver){
		"admin-colours-dark":  func(d *driver) { d.send(tea.BackgroundColorMsg{Color: color.Black}) },
		"admin-colours-light": func(d *driver) { d.send(tea.BackgroundColorMsg{Color: color.White}) },
		"admin-colours-none": func(d *driver) {
			d.admin.noColor = true
			d.send(tea.BackgroundColorMsg{Color: color.Black})
		},
	} {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			for _, s := range adminScenes {
				switch s.name {
				case "admin-table", "admin-door-closed", "admin-details", "admin-kill", "admin-watch":
					d := s.set(t)
					set(d)
					d.redraw()
					b.WriteString(strings.ReplaceAll(d.admin.View().Content, "\x1b", "␛") + "\n")
				}
			}
			if name == "admin-colours-none" && (strings.Contains(b.String(), "38;") || strings.Contains(b.String(), "48;") || strings.Contains(b.String(), "[33m")) {
				t.Error("there are colours where none are wanted")
			}
			golden(t, name, b.String())
		})
	}
}

func TestEverySizeOfAdminFits(t *testing.T) {
	widths := []int{1, 29, 30, 34, 40, 59, 60, 80, 119, 120, 160}
	heights := []int{1, 7, 8, 10, 11, 12, 14, 15, 17, 24, 60}
	for _, s := range adminScenes {
		t.Run(s.name, func(t *testing.T) {
			d := s.set(t)
			for _, w := range widths {
				for _, h := range heights {
					d.resize(w, h)
					fits(t, d)
				}
			}
		})
	}
}
