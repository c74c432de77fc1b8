package doctor

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write the goldens anew")

// well is a cluster where nothing is wrong.
func well() []Row {
	return []Row{
		{Configuration, "settings", good("valid; sandboxes are Pods")},
		{Configuration, "courses", good("2 courses")},
		{Gateway, "data folder", good("/data/lectern can be written, and is nobody else's")},
		{Gateway, "database", skipped("a running gateway has it open, and has checked it when it started")},
		{Cluster, "API server", good("Kubernetes v1.34.4; the gateway is system:serviceaccount:lectern:lectern-gateway there")},
		{Network, "other sandboxes", good("not reached: 10.42.0.7:7787")},
		{Model, "API proxy", skipped(noModel)},
	}
}

// ill is one where much is.
func ill() []Row {
	rows := well()
	rows[2].Finding = bad("others can look into /data/lectern (mode 0755), where keys are", "chmod 700 /data/lectern")
	rows[4].Finding = good("sets the title \x1b]0;of a terminal\a")
	const mend = "install a network that does"
	rows[5].Finding = bad("a learner's sandbox can reach another's (10.42.0.7:7787)", mend)
	return append(append(rows[:6:6], Row{Network, "cluster API", bad("a learner's sandbox can reach the API server (10.43.0.1:443)", mend)}), rows[6])
}

func TestWrite(t *testing.T) {
	for _, test := range []struct {
		golden string
		rows   []Row
		write  func(to *bytes.Buffer, rows []Row) error
	}{
		{"well.txt", well(), text(false)},
		{"ill.txt", ill(), text(false)},
		{"ill-colours.txt", ill(), text(true)},
		{"well.json", well(), func(to *bytes.Buffer, rows []Row) error { return WriteJSON(to, rows) }},
		{"ill.json", ill(), func(to *bytes.Buffer, rows []Row) error { return WriteJSON(to, rows) }},
	} {
		t.Run(test.golden, func(t *testing.T) {
			var got bytes.Buffer
			if err := test.write(&got, test.rows); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", test.golden)
			if *update {
				if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.Bytes(), want) {
				t.Errorf("got\n%s\nwant\n%s", &got, want)
			}
		})
	}
}

func text(colours bool) func(*bytes.Buffer, []Row) error {
	return func(to *bytes.Buffer, rows []Row) error {
		var names []string
		for _, r := range rows {
			names = append(names, r.Name)
		}
		w := NewWriter(to, names, colours)
		for _, r := range rows {
			w.Write(r)
		}
		return w.Close(rows)
	}
}

func TestSound(t *testing.T) {
	if !Sound(well()) || Sound(ill()) {
		t.Error("what is well is ill, or what is ill is well")
	}
}
