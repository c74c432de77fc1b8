package tutor

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

func TestPlaceRoundTrip(t *testing.T) {
	s := sample().Stages[0]
	fresh := newPlace("tides", s)
	p := newPlace("tides", s)
	p.Page, p.At, p.Begun = 3, 0.25, true
	p.Quiz.judge(false)
	p.Quiz.next()
	p.Quiz.Answer = "조석"
	k := newKeeper(t.TempDir(), "tides", 1)
	if err := k.save(p); err != nil {
		t.Fatal(err)
	}
	if got := k.load(fresh, 3, 2); !reflect.DeepEqual(got, p) {
		t.Errorf("got %+v, want %+v", got, p)
	}
	if info, err := os.Stat(k.file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file must be the learner's own: %v, %v", info.Mode(), err)
	}
	if files, _ := os.ReadDir(filepath.Dir(k.file)); len(files) != 1 {
		t.Errorf("saving leaves %v", files)
	}
}

// TestForeignPlace: what was kept for something else is not used.
func TestForeignPlace(t *testing.T) {
	s := sample().Stages[0]
	fresh := newPlace("tides", s)
	foreign := map[string]func(*place){
		"course":            func(p *place) { p.Course = "other" },
		"stage":             func(p *place) { p.Stage = 2 },
		"edition":           func(p *place) { p.Edition = "0" },
		"page":              func(p *place) { p.Page = 4 },
		"negative page":     func(p *place) { p.Page = -1 },
		"far down":          func(p *place) { p.At = 1.5 },
		"queue":             func(p *place) { p.Quiz.Queue = []int{0, 0} },
		"queue range":       func(p *place) { p.Quiz.Queue = []int{2} },
		"done without try":  func(p *place) { p.Quiz.Queue = []int{1} },
		"first without try": func(p *place) { p.Quiz.First[0] = true },
		"tries":             func(p *place) { p.Quiz.Tries = nil },
		"phase":             func(p *place) { p.Quiz.Phase = "other" },
		"verdict untried":   func(p *place) { p.Quiz.Phase = right },
		"choice":            func(p *place) { p.Quiz.Choice = -2 },
		"early completion":  func(p *place) { p.Completion = "x" },
	}
	for name, change := range foreign {
		p := newPlace("tides", s)
		p.Page = 2
		change(&p)
		raw, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := parsePlace(raw, fresh, 3, 2); ok {
			t.Errorf("%s: it was taken", name)
		}
	}
}

func TestOtherEdition(t *testing.T) {
	s := sample().Stages[0]
	before := edition(s)
	s.Concepts[0].Body = "corrected"
	if edition(s) != before {
		t.Error("a corrected page loses the place")
	}
	s.Questions[0].Options = s.Questions[0].Options[:2]
	if edition(s) == before {
		t.Error("changed options keep the place")
	}
}

func TestKeeperFile(t *testing.T) {
	for id, want := range map[string]string{"a.b_c-1": "tutor-a.b_c-1-1.json", "../x/Y": "tutor-.._x__-1.json"} {
		if got := newKeeper("/home/lab", id, 1).file; got != filepath.Join("/home/lab", want) {
			t.Errorf("%q is kept in %q", id, got)
		}
	}
}

// FuzzPlace: whatever stands in the file, the lesson opens and can be walked.
func FuzzPlace(f *testing.F) {
	s := sample().Stages[0]
	for _, seed := range []string{"", "{", "null", "[]", `{"page":9}`, `{"quiz":{"queue":[0]}}`} {
		f.Add([]byte(seed))
	}
	p := newPlace("tides", s)
	for range 3 {
		raw, err := json.Marshal(p)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
		p.Page, p.Begun = 3, true
		p.Quiz.judge(p.Quiz.Tries[0] > 0)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(newKeeper(dir, "tides", 1).file, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		l := begin(t, 1, dir, true)
		for range 12 {
			l.keys("enter", "2", "x", "enter", "y")
			l.shown()
			if l.overlay != nothing {
				t.Fatal("an overlay opened by itself")
			}
			if l.quit {
				return
			}
		}
	})
}
