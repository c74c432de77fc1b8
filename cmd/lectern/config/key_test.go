package config

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestKeysAreWellNamed checks what the tags promise: a name, a meaning without
// a full stop, every word that a key may be, and no two keys with one variable.
func TestKeysAreWellNamed(t *testing.T) {
	name := regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)
	seen := map[string]string{}
	var c Config
	for _, k := range walk(&c, "") {
		if k.secret != "" {
			continue
		}
		if !name.MatchString(k.name()) {
			t.Errorf("%s: the name is not in lower case", k.path)
		}
		if k.doc == "" || len(k.doc) > 100 || strings.HasSuffix(k.doc, ".") || strings.ContainsAny(k.doc, "|<>`\n") {
			t.Errorf("%s: the doc is missing, long or not plain: %q", k.path, k.doc)
		}
		for _, word := range k.oneOf {
			if !regexp.MustCompile(`\b` + word + `\b`).MatchString(k.doc) {
				t.Errorf("%s: the doc does not mention %s", k.path, word)
			}
		}
		if other, taken := seen[k.variable()]; taken {
			t.Errorf("%s and %s share %s", k.path, other, k.variable())
		}
		seen[k.variable()] = k.path
	}
}

// TestDocumentation checks that docs/configuration.md has one true row a key,
// in order, and no others.
func TestDocumentation(t *testing.T) {
	page, err := os.ReadFile("../../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	var got, want []string
	for _, line := range strings.Split(string(page), "\n") {
		if strings.HasPrefix(line, "| `") {
			got = append(got, line)
		}
	}
	defaults := Defaults()
	for _, k := range values(&defaults) {
		value := "empty"
		if k.text() != "" {
			value = "`" + k.text() + "`"
		}
		want = append(want, "| `"+k.path+"` | "+value+" | `"+k.variable()+"` | "+k.doc+" |")
	}
	if !slices.Equal(got, want) {
		t.Errorf("the rows are not those of the code, which are\n%s", strings.Join(want, "\n"))
	}
	if !strings.Contains(string(page), "ANTHROPIC_API_KEY") {
		t.Error("the page does not mention ANTHROPIC_API_KEY")
	}
}

// exampleIn loads the first file of settings on a page.
func exampleIn(t *testing.T, path string) Config {
	t.Helper()
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(page), "```yaml\n")
	example, _, closed := strings.Cut(rest, "```")
	if !found || !closed {
		t.Fatal("the page has no example")
	}
	c, err := loadText(t, example, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestDocumentedExamples(t *testing.T) {
	if c := exampleIn(t, "../../../docs/configuration.md"); c.Sandbox.MaxSessions != 20 || len(c.Courses.Sources) != 2 {
		t.Errorf("of docs/configuration.md got %+v", c)
	}
	c := exampleIn(t, "../../../README.md")
	if len(c.Auth.Users) > 0 || c.Auth.AuthorizedKeys == "" {
		t.Errorf("the class of the README is not closed: %+v", c.Auth)
	}
	// What it says of the defaults.
	if d := Defaults(); d.Sandbox.MaxSessions != 4 || d.SSH.MaxConnectionsPerAddress != 20 {
		t.Errorf("they are %d and %d", d.Sandbox.MaxSessions, d.SSH.MaxConnectionsPerAddress)
	}
}
