package tui

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"image/color"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// scenes are all the screens, in the states that matter.
var scenes = []struct {
	name string
	set  func(t *testing.T) *driver
}{
	{"courses", func(t *testing.T) *driver {
		h := sampleHome()
		h.Notice = Notice{Text: "Stage 2 complete", Kind: Good}
		return drive(t, Options{Home: h})
	}},
	{"courses-running", func(t *testing.T) *driver {
		h := running(sampleHome())
		h.Notice = Notice{Text: "The session ended: idle for 30 minutes", Kind: Bad}
		return drive(t, Options{Home: h})
	}},
	{"courses-many", func(t *testing.T) *driver {
		return drive(t, Options{Home: manyCourses(50)}).press("pgdown", "pgdown", "pgdown")
	}},
	{"courses-none", func(t *testing.T) *driver { return drive(t, Options{}) }},
	{"courses-korean", func(t *testing.T) *driver { return drive(t, Options{Home: koreanHome()}) }},
	{"stages", func(t *testing.T) *driver { return drive(t, Options{Home: sampleHome()}).press("enter") }},
	{"stages-done", func(t *testing.T) *driver {
		return drive(t, Options{Home: sampleHome()}).press("enter", "home")
	}},
	{"stages-locked", func(t *testing.T) *driver {
		return drive(t, Options{Home: sampleHome()}).press("enter", "end", "enter")
	}},
	{"stages-korean", func(t *testing.T) *driver { return drive(t, Options{Home: koreanHome()}).press("enter") }},
	{"stages-only-course", func(t *testing.T) *driver {
		h := running(sampleHome())
		h.Courses = h.Courses[:1]
		return drive(t, Options{Home: h})
	}},
	{"tokens", func(t *testing.T) *driver {
		h := sampleHome()
		h.Tokens = &Tokens{Today: 12_345}
		return drive(t, Options{Home: h})
	}},
	{"tokens-of-a-budget", func(t *testing.T) *driver {
		h := running(sampleHome())
		h.Tokens = &Tokens{Today: 61_200, PerDay: 200_000}
		return drive(t, Options{Home: h}).press("down", "enter")
	}},
	{"tokens-spent", func(t *testing.T) *driver {
		h := sampleHome()
		h.Tokens = &Tokens{Today: 200_100, PerDay: 200_000}
		h.Notice = Notice{Text: "Stage 2 complete. Well done.", Kind: Good}
		return drive(t, Options{Home: h})
	}},
	{"recorded", func(t *testing.T) *driver {
		h := running(sampleHome())
		h.Recorded = true
		h.Notice = Notice{Text: "Stage 2 complete. Well done.", Kind: Good}
		return drive(t, Options{Home: h})
	}},
	{"stages-running", func(t *testing.T) *driver {
		return drive(t, Options{Home: running(sampleHome())}).press("down", "enter", "up")
	}},
	{"filter", func(t *testing.T) *driver {
		return drive(t, Options{Home: sampleHome()}).press("/", "f", "i", "r", "s", "t")
	}},
	{"filter-nothing", func(t *testing.T) *driver {
		return drive(t, Options{Home: sampleHome()}).press("/", "z", "z")
	}},
	{"help", func(t *testing.T) *driver { return drive(t, Options{Home: sampleHome()}).press("enter", "?") }},
	{"confirm", func(t *testing.T) *driver {
		return drive(t, Options{Home: running(sampleHome())}).press("down", "down", "enter", "enter")
	}},
	{"waiting-queue", func(t *testing.T) *driver {
		d := drive(t, Options{Home: sampleHome(), Start: reporting(nil, Phase{Name: "Waiting for a place", Position: 2, Length: 5})})
		d.press("enter", "enter")
		until[phasesMsg](d)
		d.clock.add(75 * time.Second)
		return d
	}},
	{"waiting-phases", phases},
	{"cancelling", func(t *testing.T) *driver {
		release := make(chan struct{})
		t.Cleanup(func() { close(release) })
		d := drive(t, Options{Home: sampleHome(), Start: func(context.Context, Choice, func(Phase)) error {
			<-release
			return nil
		}})
		// Registered last, so run first: Close waits for Start otherwise.
		t.Cleanup(func() { release <- struct{}{} })
		return d.press("enter", "enter", "ctrl+c")
	}},
	{"refused", func(t *testing.T) *driver {
		d := drive(t, Options{Home: sampleHome(), Start: reporting(
			errors.New("New sessions cannot be started just now: the exam has begun. Sessions that run go on, and can be joined."),
		)})
		d.press("enter", "enter")
		until[startedMsg](d)
		return d
	}},
	{"error", func(t *testing.T) *driver {
		d := drive(t, Options{Home: sampleHome(), Start: reporting(
			errors.New("the cluster has no room for another sandbox; try again in a few minutes or tell your instructor"),
			Phase{Name: "Waiting for a place"}, Phase{Name: "Scheduling", Detail: "0 of 1 nodes fit"},
		)})
		d.press("enter", "enter")
		until[startedMsg](d)
		return d
	}},
}

// reporting is a Start that reports phases and returns err, or waits for its
// end where err is nil.
func reporting(err error, phases ...Phase) func(context.Context, Choice, func(Phase)) error {
	return func(ctx context.Context, _ Choice, report func(Phase)) error {
		for _, p := range phases {
			report(p)
		}
		if err != nil {
			return err
		}
		<-ctx.Done()
		return ctx.Err()
	}
}

// phases is the waiting room after three phases of different length.
func phases(t *testing.T) *driver {
	next := make(chan Phase)
	d := drive(t, Options{Home: sampleHome(), Start: func(ctx context.Context, _ Choice, report func(Phase)) error {
		for {
			select {
			case p := <-next:
				report(p)
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}})
	d.press("enter", "enter")
	for i, p := range []Phase{{Name: "Waiting for a place", Position: 1, Length: 1}, {Name: "Scheduling"}, {Name: "Pulling the image", Detail: "lectern-sandbox:1.2.0"}} {
		next <- p
		until[phasesMsg](d)
		d.clock.add([]time.Duration{12 * time.Second, 1700 * time.Millisecond, 4 * time.Second}[i])
	}
	return d
}

var sizes = [][2]int{{80, 24}, {40, 15}, {120, 40}}

func TestGoldens(t *testing.T) {
	for _, s := range scenes {
		t.Run(s.name, func(t *testing.T) {
			d := s.set(t)
			var b strings.Builder
			for _, size := range sizes {
				d.resize(size[0], size[1])
				fits(t, d)
				fmt.Fprintf(&b, "-- %d×%d --\n%s\n", size[0], size[1], d.screen())
			}
			golden(t, s.name, b.String())
		})
	}
}

func TestGoldenTooSmall(t *testing.T) {
	var b strings.Builder
	d := drive(t, Options{Home: sampleHome()})
	for _, size := range [][2]int{{29, 24}, {80, 7}, {12, 4}, {6, 2}, {1, 1}} {
		d.resize(size[0], size[1])
		fits(t, d)
		fmt.Fprintf(&b, "-- %d×%d --\n%s\n", size[0], size[1], d.screen())
	}
	golden(t, "too-small", b.String())
}

func TestGoldenColours(t *testing.T) {
	for name, set := range map[string]func(*driver){
		"colours-dark":  func(d *driver) { d.send(tea.BackgroundColorMsg{Color: color.Black}) },
		"colours-light": func(d *driver) { d.send(tea.BackgroundColorMsg{Color: color.White}) },
		"colours-none": func(d *driver) {
			d.app.noColor = true
			d.send(tea.BackgroundColorMsg{Color: color.Black})
		},
	} {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			for _, n := range []int{1, 7} { // courses-running, stages-locked
				d := scenes[n].set(t)
				set(d)
				b.WriteString(strings.ReplaceAll(d.app.View().Content, "\x1b", "␛") + "\n")
			}
			if name == "colours-none" && (strings.Contains(b.String(), "38;") || strings.Contains(b.String(), "48;")) {
				t.Error("there are colours where none are wanted")
			}
			golden(t, name, b.String())
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (go test ./tui -update writes it)", err)
	}
	if got != string(want) {
		t.Errorf("%s differs; go test ./tui -update accepts it. Got\n%s", file, got)
	}
}

// fits asserts that the view is exactly the terminal's size or smaller.
func fits(t *testing.T, d *driver) {
	t.Helper()
	v, a := d.model.View(), d.frame
	lines := strings.Split(v.Content, "\n")
	if len(lines) > a.height {
		t.Fatalf("%d lines on a terminal of %d×%d", len(lines), a.width, a.height)
	}
	for _, l := range lines {
		if w := ansi.StringWidth(l); w > a.width {
			t.Fatalf("a line of %d columns on a terminal of %d×%d: %q", w, a.width, a.height, l)
		}
	}
	if c := v.Cursor; c != nil && (c.X >= a.width || c.Y >= a.height) {
		t.Fatalf("cursor at %d,%d on a terminal of %d×%d", c.X, c.Y, a.width, a.height)
	}
}

// TestEverySizeFits resizes every screen, while it is open, through all kinds
// of sizes.
func TestEverySizeFits(t *testing.T) {
	// All that is tiny, both sides of every change of layout, and a few more.
	widths := []int{1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 20, 24, 28, 29, 30, 31, 32, 34, 37, 38, 39, 40, 41, 45, 50, 58, 59, 60, 61, 70, 79, 80, 81, 90, 98, 99, 100, 101, 102, 120, 131, 160, 200}
	heights := []int{1, 2, 3, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 21, 24, 30, 40, 60}
	for _, s := range scenes {
		t.Run(s.name, func(t *testing.T) {
			d := s.set(t)
			for _, w := range widths {
				for _, h := range heights {
					d.resize(w, h)
					fits(t, d)
				}
			}
			d.resize(0, 0)
			if d.app.width == 0 {
				t.Error("a client without a size made the screen vanish")
			}
		})
	}
}
