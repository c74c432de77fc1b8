package doctor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"lectern/cmd/lectern/config"
)

// told is what a visit says of its rows, in the order in which it tells them.
func told(t *testing.T, d *Doctor, ctx context.Context) (lines []string) {
	t.Helper()
	rows, err := d.Visit(ctx, func(r Row) { lines = append(lines, fmt.Sprintf("%s %s: %s", r.State, r.Name, r.Text)) })
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != len(lines) {
		t.Errorf("%d rows are returned, and %d are told", len(rows), len(lines))
	}
	return lines
}

func TestVisitTellsInOrderWhatIsFoundInAny(t *testing.T) {
	d := &Doctor{}
	last := make(chan struct{})
	d.check(Model, "shown last, over first", func(context.Context) Finding {
		close(last)
		return good("done")
	})
	first := d.check(Gateway, "first", func(context.Context) Finding {
		<-last
		return bad("two\n lines", "mend")
	})
	d.check(Cluster, "needs it", func(context.Context) Finding { return good("not reached") }).needs(first)
	d.check(Cluster, "after it", func(context.Context) Finding {
		return good(map[bool]string{true: "then"}[first.row.Text != ""])
	}).after(first)
	want := []string{
		"bad first: two lines", "skipped needs it: needs the row first", "good after it: then", "good shown last, over first: done",
	}
	if got := told(t, d, t.Context()); !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestVisitGivesEachRowItsTime(t *testing.T) {
	d := &Doctor{}
	d.check(Gateway, "slow", func(ctx context.Context) Finding {
		<-ctx.Done()
		return bad("it hangs", "wait")
	}).within(10 * time.Millisecond)
	d.check(Gateway, "quick", func(context.Context) Finding { return good("here") })
	want := []string{"bad slow: it hangs (looked for 10ms)", "good quick: here"}
	if got := told(t, d, t.Context()); !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestVisitIsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	d := &Doctor{}
	hangs := d.check(Gateway, "hangs", func(ctx context.Context) Finding {
		cancel()
		<-ctx.Done()
		return bad("cut off", "do not")
	})
	d.check(Model, "needs it", func(context.Context) Finding { return good("") }).needs(hangs)
	want := []string{"skipped hangs: interrupted", "skipped needs it: needs the row hangs"}
	if got := told(t, d, ctx); !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestVisitWithoutSettings(t *testing.T) {
	got := told(t, New(Options{SettingsErr: errors.New("lectern.yaml:2: a: is wrong\nlectern.yaml:3: b: too")}), t.Context())
	want := []string{"bad settings: lectern.yaml:2: a: is wrong; lectern.yaml:3: b: too"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A cluster that is not there costs its rows, and no other.
func TestVisitWithoutCluster(t *testing.T) {
	c := config.Defaults()
	c.Sandbox.Backend, c.DataDir, c.Auth.Users = config.BackendKubernetes, t.TempDir(), nil
	got := told(t, New(Options{
		Settings: c, PodsErr: errors.New("no cluster can be found"),
		Teacher: func() (bool, string, error) { return false, "", nil },
	}), t.Context())
	text := strings.Join(got, "\n")
	for _, want := range []string{
		"bad API server: no cluster can be found", "skipped rights: needs the row API server", "skipped image: needs the row namespace",
		"skipped other sandboxes: needs the row image", "good settings: ",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}

// TestDocumentation checks that docs/doctor.md has every row, in order, and no
// other.
func TestDocumentation(t *testing.T) {
	page, err := os.ReadFile("../../../docs/doctor.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := make(map[string]bool)
	for line := range strings.Lines(string(page)) {
		if rest, is := strings.CutPrefix(line, "| **"); is {
			name, _, _ := strings.Cut(rest, "**")
			documented[name] = true
		}
	}
	there := make(map[string]bool)
	for _, backend := range []string{config.BackendLocal, config.BackendKubernetes} {
		c := config.Defaults()
		c.Sandbox.Backend = backend
		for _, name := range New(Options{Settings: c}).Names() {
			there[name] = true
		}
	}
	for name := range there {
		if !documented[name] {
			t.Errorf("docs/doctor.md has no row %s", name)
		}
	}
	for name := range documented {
		if !there[name] {
			t.Errorf("docs/doctor.md has a row %s, which there is not", name)
		}
	}
}
