package manifests_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// metric is one of docs/metrics.md.
type metric struct {
	kind   string
	labels map[string][]string
}

var (
	metricRow = regexp.MustCompile("(?m)^\\| `(lectern_\\w+)` \\| (\\w+) \\| ([^|]*)\\|")
	quoted    = regexp.MustCompile("`([^`]+)`")
)

// documented are the metrics that gateway and proxy have: a test beside the
// program holds the file against their registries.
func documented(t *testing.T) map[string]metric {
	t.Helper()
	found := map[string]metric{}
	for _, row := range metricRow.FindAllStringSubmatch(string(read(t, "../../docs/metrics.md")), -1) {
		m := metric{kind: row[2], labels: map[string][]string{}}
		for label := range strings.SplitSeq(row[3], ";") {
			if words := quoted.FindAllStringSubmatch(label, -1); len(words) > 0 {
				m.labels[words[0][1]] = nil
				for _, value := range words[1:] {
					m.labels[words[0][1]] = append(m.labels[words[0][1]], value[1])
				}
			}
		}
		found[row[1]] = m
	}
	if len(found) == 0 {
		t.Fatal("docs/metrics.md lists no metric")
	}
	return found
}

var (
	named   = regexp.MustCompile(`(lectern_\w+)(?:\{([^}]*)\})?`)
	matcher = regexp.MustCompile(`(\w+)\s*=~?\s*"([^"]*)"`)
	grouped = regexp.MustCompile(`by \(([\w, ]*)\) \([^(]*\(*(lectern_\w+)`)
)

// speaksOf checks that the metrics of an expression are there, with the labels
// and the values that it asks for.
func speaksOf(t *testing.T, where, expr string, metrics map[string]metric) {
	t.Helper()
	find := func(name string) (metric, bool) {
		for _, suffix := range []string{"_bucket", "_count", "_sum"} {
			if m, ok := metrics[strings.TrimSuffix(name, suffix)]; ok && strings.HasSuffix(name, suffix) && m.kind == "histogram" {
				return m, true
			}
		}
		m, ok := metrics[name]
		return m, ok && m.kind != "histogram"
	}
	uses := named.FindAllStringSubmatch(expr, -1)
	if len(uses) == 0 {
		t.Errorf("%s asks for nothing of Lectern: %s", where, expr)
	}
	for _, use := range uses {
		m, ok := find(use[1])
		if !ok {
			t.Errorf("%s asks for %s, which docs/metrics.md does not list so", where, use[1])
			continue
		}
		for _, asked := range matcher.FindAllStringSubmatch(use[2], -1) {
			for value := range strings.SplitSeq(asked[2], "|") {
				if !slices.Contains(m.labels[asked[1]], value) {
					t.Errorf("%s asks for %s with %s=%q, which never is", where, use[1], asked[1], value)
				}
			}
		}
	}
	for _, group := range grouped.FindAllStringSubmatch(expr, -1) {
		m, _ := find(group[2])
		for label := range strings.SplitSeq(group[1], ",") {
			label = strings.TrimSpace(label)
			if _, ok := m.labels[label]; !ok && !(label == "le" && m.kind == "histogram") {
				t.Errorf("%s groups %s by %s, which it does not have", where, group[2], label)
			}
		}
	}
}

// promtool is Debian's.
func promtool(t *testing.T, args ...string) {
	t.Helper()
	program, err := exec.LookPath("promtool")
	if err != nil {
		if program, err = filepath.Abs("../../bin/promtool"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(program); err != nil {
		t.Fatal("there is no promtool to check the alerts with: run make bin/promtool")
	}
	if said, err := exec.Command(program, args...).CombinedOutput(); err != nil {
		t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, said)
	}
}

type rules struct {
	Groups []struct {
		Rules []struct {
			Alert, Expr         string
			Labels, Annotations map[string]string
		}
	}
}

func alerts(t *testing.T) rules {
	t.Helper()
	var r rules
	if err := yaml.Unmarshal(read(t, component+"/lectern.rules.yml"), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAlertsSpeakOfWhatIsThere(t *testing.T) {
	promtool(t, "check", "rules", component+"/lectern.rules.yml")
	metrics := documented(t)
	for _, group := range alerts(t).Groups {
		for _, rule := range group.Rules {
			speaksOf(t, rule.Alert, rule.Expr, metrics)
			if !slices.Contains([]string{"critical", "warning", "info"}, rule.Labels["severity"]) ||
				rule.Annotations["summary"] == "" || rule.Annotations["description"] == "" {
				t.Errorf("%s does not say how bad it is, what it is and what to do", rule.Alert)
			}
		}
	}
}

// Each alert is tested for when it fires and for when it does not.
func TestAlertsFire(t *testing.T) {
	const tests = "testdata/rules/alerts.yml"
	promtool(t, "test", "rules", tests)
	var cases struct {
		Tests []struct {
			AlertRuleTest []struct {
				Alertname string
				ExpAlerts []any `json:"exp_alerts"`
			} `json:"alert_rule_test"`
		}
	}
	if err := yaml.Unmarshal(read(t, tests), &cases); err != nil {
		t.Fatal(err)
	}
	fires, rests := map[string]bool{}, map[string]bool{}
	for _, test := range cases.Tests {
		for _, c := range test.AlertRuleTest {
			if len(c.ExpAlerts) > 0 {
				fires[c.Alertname] = true
			} else {
				rests[c.Alertname] = true
			}
		}
	}
	for _, group := range alerts(t).Groups {
		for _, rule := range group.Rules {
			if !fires[rule.Alert] || !rests[rule.Alert] {
				t.Errorf("%s is tested for firing: %t, for not firing: %t", rule.Alert, fires[rule.Alert], rests[rule.Alert])
			}
		}
	}
}

type dashboard struct {
	UID        string
	Templating struct{ List []struct{ Name, Type string } }
	Panels     []struct {
		ID         int
		Type       string
		Title      string
		GridPos    struct{ H, W, X, Y int }
		Datasource struct{ UID string }
		Targets    []struct{ Expr, RefID string }
	}
}

func TestDashboardShowsWhatIsThere(t *testing.T) {
	var d dashboard
	if err := json.Unmarshal(read(t, component+"/lectern-dashboard.json"), &d); err != nil {
		t.Fatal(err)
	}
	if len(d.Templating.List) != 1 || d.Templating.List[0].Name != "datasource" || d.Templating.List[0].Type != "datasource" {
		t.Errorf("the dashboard's variables are %+v, want the data source alone", d.Templating.List)
	}
	metrics := documented(t)
	var checked strings.Builder
	checked.WriteString("groups:\n  - name: dashboard\n    rules:\n")
	ids, cells, shown := map[int]string{}, map[[2]int]string{}, map[string]bool{}
	for _, panel := range d.Panels {
		if before, taken := ids[panel.ID]; taken || panel.ID == 0 {
			t.Errorf("%q has the id %d of %q", panel.Title, panel.ID, before)
		}
		ids[panel.ID] = panel.Title
		for y := panel.GridPos.Y; y < panel.GridPos.Y+panel.GridPos.H; y++ {
			for x := panel.GridPos.X; x < panel.GridPos.X+panel.GridPos.W; x++ {
				if before, taken := cells[[2]int{x, y}]; taken || x >= 24 {
					t.Fatalf("%q lies on %q or beyond the edge", panel.Title, before)
				}
				cells[[2]int{x, y}] = panel.Title
			}
		}
		if panel.Type == "row" {
			continue
		}
		if panel.Datasource.UID != "${datasource}" || len(panel.Targets) == 0 {
			t.Errorf("%q asks %q for %d series", panel.Title, panel.Datasource.UID, len(panel.Targets))
		}
		for _, target := range panel.Targets {
			speaksOf(t, fmt.Sprintf("the panel %q", panel.Title), target.Expr, metrics)
			for _, use := range named.FindAllStringSubmatch(target.Expr, -1) {
				shown[use[1]] = true
			}
			expr, err := json.Marshal(strings.ReplaceAll(target.Expr, "$__rate_interval", "5m"))
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&checked, "      - {record: panel:%d:%s, expr: %s}\n", panel.ID, target.RefID, expr)
		}
	}
	for name, m := range metrics {
		if m.kind == "histogram" {
			name += "_bucket"
		}
		if !shown[name] {
			t.Errorf("no panel shows %s", name)
		}
	}
	// As rules, so that promtool reads the expressions.
	file := filepath.Join(t.TempDir(), "dashboard.rules.yml")
	if err := os.WriteFile(file, []byte(checked.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	promtool(t, "check", "rules", file)
}
