package proxy

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// readCases gives the bodies in a folder of testdata, by name.
func readCases(t testing.TB, folder string) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", folder, "*.json"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no bodies in %s: %v", folder, err)
	}
	cases := map[string][]byte{}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		cases[strings.TrimSuffix(filepath.Base(path), ".json")] = data
	}
	return cases
}

func strict() policy {
	return newPolicy([]string{"Read", "Glob", "Grep"}, []string{"claude-x", "claude-y"})
}

func TestBodiesThatPass(t *testing.T) {
	for name, body := range readCases(t, "pass") {
		got, refused := strict().check(body)
		if refused != nil {
			t.Errorf("%s: %s", name, refused.message)
			continue
		}
		if want := strings.HasPrefix(name, "lesson"); got.lesson != want {
			t.Errorf("%s: taken for a lesson: %t", name, got.lesson)
		}
		if got.model != "claude-x" {
			t.Errorf("%s: the model is %q", name, got.model)
		}
	}
}

// TestBodiesThatDoNot: the name of each begins with the reason.
func TestBodiesThatDoNot(t *testing.T) {
	for name, body := range readCases(t, "refuse") {
		_, refused := strict().check(body)
		why, _, _ := strings.Cut(name, "-")
		if refused == nil || string(refused.reason) != why {
			t.Errorf("%s: %+v", name, refused)
		}
	}
}

// TestBodiesAtTheProxy: a refused one gets no further than the proxy, and the
// others reach the upstream byte by byte.
func TestBodiesAtTheProxy(t *testing.T) {
	l := newLab(t, func(o *Options) { o.Models = []string{"claude-x", "claude-y"} })
	for name, body := range readCases(t, "refuse") {
		res, text := l.ask(string(body), nil)
		l.refused(name, res, text, http.StatusBadRequest, "invalid_request_error")
	}
	for name, body := range readCases(t, "pass") {
		l.upstream.mu.Lock()
		l.upstream.seen = nil
		l.upstream.mu.Unlock()
		if res, text := l.ask(string(body), nil); res.StatusCode != 200 {
			t.Errorf("%s: %s", name, text)
			continue
		}
		if got := l.upstream.last(t).body; got != string(body) {
			t.Errorf("%s: changed on the way: %s", name, got)
		}
	}
}

func TestNoListOfModels(t *testing.T) {
	free := newPolicy([]string{"Read"}, nil)
	for _, body := range []string{`{"model":"anything"}`, `{}`, `{"model":null}`} {
		got, refused := free.check([]byte(body))
		if strings.Contains(body, "null") {
			continue // the upstream's to refuse or the proxy's
		}
		if refused != nil || got.model != "" {
			t.Errorf("%s: %+v, %+v", body, got, refused)
		}
	}
}

func TestDepth(t *testing.T) {
	nested := func(n int) []byte {
		return []byte(`{"system":[` + strings.Repeat(`{"content":[`, n) + strings.Repeat("]}", n) + `]}`)
	}
	free := newPolicy(nil, nil)
	if _, refused := free.check(nested(maxDepth/2 - 1)); refused != nil {
		t.Error(refused.message)
	}
	if _, refused := free.check(nested(maxDepth / 2)); refused == nil || !strings.Contains(refused.message, "deep") {
		t.Errorf("one more: %+v", refused)
	}
	// Only openings, through what is looked into and what is not.
	for _, opening := range []string{"[", `{"x":`, `{"content":[`} {
		for _, start := range []string{`{"x":`, `{"messages":[{"content":[`} {
			if _, refused := free.check([]byte(start + strings.Repeat(opening, 1<<20))); refused == nil {
				t.Errorf("%s %s passes", start, opening)
			}
		}
	}
}

func TestManyKeys(t *testing.T) {
	var b strings.Builder
	for range maxKeys + 1 {
		b.WriteString(`,"k` + strings.Repeat("a", b.Len()%50) + string(rune('a'+b.Len()%26)) + `":1`)
	}
	if _, refused := newPolicy(nil, nil).check([]byte("{" + b.String()[1:] + "}")); refused == nil {
		t.Error("any number of keys passes")
	}
}

// TestCheckKeepsNothing: a long body takes no more memory than a short one.
func TestCheckKeepsNothing(t *testing.T) {
	allocations := func(body []byte) float64 {
		return testing.AllocsPerRun(20, func() { strict().check(body) })
	}
	short := allocations([]byte(`{"model":"claude-x","x":["a"],"messages":[]}`))
	long := allocations([]byte(`{"model":"claude-x","x":[` + strings.Repeat(`{"a":"b","c":[1,2]},`, 5_000) + `0],"messages":[]}`))
	if long > short+4 { // for levels, not for values
		t.Errorf("%v allocations for a short body, %v for a long one", short, long)
	}
}

// typical is a body as long as Claude Code's are.
func typical() []byte {
	text, _ := json.Marshal(strings.Repeat("Read the \"file\" first.\nThen say what it does. ", 400))
	schema := `{"type":"object","properties":{"file_path":{"type":"string","description":` + string(text[:2000]) + `"}},"required":["file_path"]}`
	var b strings.Builder
	b.WriteString(`{"model":"claude-x","max_tokens":64000,"stream":true,"system":[{"type":"text","text":` + string(text) + `,"cache_control":{"type":"ephemeral"}}],"tools":[`)
	for i, name := range []string{"Glob", "Grep", "Read"} {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`{"name":"` + name + `","description":` + string(text[:4000]) + `","input_schema":` + schema + `}`)
	}
	b.WriteString(`],"messages":[{"role":"user","content":[{"type":"text","text":` + string(text) + `}]}]}`)
	return []byte(b.String())
}

func BenchmarkCheck(b *testing.B) {
	p, body := strict(), typical()
	if _, refused := p.check(body); refused != nil {
		b.Fatal(refused.message)
	}
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		p.check(body)
	}
}

// FuzzPolicy holds the reading of bodies against encoding/json: what passes is
// JSON, and says to a lenient reader nothing that is not allowed.
func FuzzPolicy(f *testing.F) {
	for _, folder := range []string{"pass", "refuse"} {
		for _, body := range readCases(f, folder) {
			f.Add(body)
		}
	}
	p := strict()
	f.Fuzz(func(t *testing.T, body []byte) {
		got, refused := p.check(body)
		if refused != nil {
			return
		}
		if !json.Valid(body) {
			t.Fatalf("it is no JSON: %q", body)
		}
		var lenient struct {
			Model string
			Tools []struct {
				Name string
				Type *string
			}
			MCPServers []any `json:"mcp_servers"`
			Container  any
		}
		if err := json.Unmarshal(body, &lenient); err != nil {
			return // of other types, which the upstream refuses
		}
		if !p.models[lenient.Model] || len(lenient.MCPServers) > 0 || lenient.Container != nil {
			t.Errorf("it passes: %q", body)
		}
		for _, tool := range lenient.Tools {
			if !p.tools[tool.Name] || tool.Type != nil && *tool.Type != "custom" {
				t.Errorf("the tool %+v passes: %q", tool, body)
			}
		}
		if got.lesson != (len(lenient.Tools) > 0) {
			t.Errorf("taken for a lesson: %t: %q", got.lesson, body)
		}
	})
}
