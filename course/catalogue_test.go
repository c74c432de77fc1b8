package course

import (
	"errors"
	"strings"
	"testing"
)

func TestID(t *testing.T) {
	for rel, want := range map[string]string{
		"attention/learn-in-40-seconds": "attention-learn-in-40-seconds",
		"A/B_c.D":                       "a-b_c.d",
		"./a//b/":                       "a-b",
		"My Course (2)":                 "my-course-2",
		"a--b":                          "a--b",
		"Café":                          "cafe",
		"../../etc":                     "etc",
		".a/-b-":                        "a--b",
		"":                              "course",
		".":                             "course",
	} {
		if got := ID(rel); got != want {
			t.Errorf("%q gives %q, want %q", rel, got, want)
		}
	}
	for rel, want := range map[string]string{"Größe": "gro-e-", "intro/강의": "intro-", "강의": "course-", "...": "course-"} {
		if got := ID(rel); !strings.HasPrefix(got, want) || len(got) != len(want)+digestBytes {
			t.Errorf("%q gives %q, want %q and a digest", rel, got, want)
		}
	}
	if a, b := ID("강의/하나"), ID("강의/둘"); a == b || a != ID("강의/하나") {
		t.Errorf("%q and %q", a, b)
	}
	if nfc, nfd := ID("강"), ID("\u1100\u1161\u11bc"); nfc != nfd {
		t.Errorf("%q and %q are the same name", nfc, nfd)
	}
	long := strings.Repeat("long/", 60)
	if a, b := ID(long+"a"), ID(long+"b"); a == b || len(a) > maxIDBytes {
		t.Errorf("%q and %q", a, b)
	}
}

func FuzzID(f *testing.F) {
	for _, seed := range []string{"a/b", "강의", "..", "\xff/x", strings.Repeat("x", 200), "é", "İ"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, rel string) {
		id := ID(rel)
		if id == "" || len(id) > maxIDBytes || strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789._-") != "" ||
			strings.Trim(id, "._-") != id {
			t.Errorf("%q gives %q", rel, id)
		}
		if again := ID(id); again != id {
			t.Errorf("%q becomes %q", id, again)
		}
	})
}

func TestCatalogue(t *testing.T) {
	c := NewCatalogue([]Course{
		{ID: "paper-intro", Title: "An Introduction"},
		{ID: "paper-deep", Title: "딥 러닝"},
		{ID: "paper", Title: "The Paper"},
		{ID: "other", Title: "Intro to other things"},
		{ID: "other", Title: "a second one with the same id"},
	})
	if all := c.All(); len(all) != 4 || all[0].ID != "paper-intro" {
		t.Errorf("%+v", all)
	}
	c.All()[0] = Course{}
	if got, ok := c.ByID("paper-intro"); !ok || got.Title != "An Introduction" {
		t.Error("what All returns must be the caller's own")
	}
	if _, ok := c.ByID("Paper"); ok {
		t.Error("ByID is exact")
	}
	for name, want := range map[string]string{
		"paper": "paper", " PAPER ": "paper", "paper-i": "paper-intro", "deep": "paper-deep", "러닝": "paper-deep", "introd": "paper-intro", "oth": "other",
	} {
		if got, err := c.Find(name); err != nil || got.ID != want {
			t.Errorf("%q finds %q, %v", name, got.ID, err)
		}
	}
	for name, want := range map[string]error{"paper-": ErrAmbiguous, "intro": ErrAmbiguous, "": ErrAmbiguous, "xyz\x1b[2J": ErrNotFound} {
		_, err := c.Find(name)
		if !errors.Is(err, want) || !strings.Contains(err.Error(), "paper-intro") || needsCleaning(err.Error()) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if got, err := NewCatalogue([]Course{{ID: "only"}}).Find(""); err != nil || got.ID != "only" {
		t.Error(got, err)
	}
	if empty := NewCatalogue(nil); empty.All() == nil {
		t.Error("All is never nil")
	} else if _, err := empty.Find("x"); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
}

func TestStageState(t *testing.T) {
	done := func(stages ...int) func(int) bool {
		return func(n int) bool {
			for _, s := range stages {
				if s == n {
					return true
				}
			}
			return false
		}
	}
	for _, test := range []struct {
		done   func(int) bool
		policy Unlock
		want   string // of stages 0 to 5
	}{
		{done(), Sequential, "locked open locked locked locked locked"},
		{done(), "", "locked open locked locked locked locked"},
		{done(1), Sequential, "locked done open locked locked locked"},
		{done(1, 3), Sequential, "locked done open done open locked"},
		{done(0), Sequential, "locked open locked locked locked locked"},
		{done(2), AnyOrder, "locked open done open open open"},
	} {
		var got []string
		for n := range 6 {
			got = append(got, string(StageState(n, test.done, test.policy)))
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%s: got %s, want %s", test.policy, got, test.want)
		}
	}
}
