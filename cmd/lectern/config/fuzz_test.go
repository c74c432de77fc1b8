package config

import (
	"reflect"
	"strings"
	"testing"
	"unicode"
)

// FuzzLoad feeds any bytes as the file. What is refused is refused in lines that
// can be printed, and what is accepted prints as a file that means the same.
func FuzzLoad(f *testing.F) {
	var defaults strings.Builder
	if err := Defaults().Write(&defaults); err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{
		defaults.String(), "", "\ufeff---\n", "ssh: {listen: \":1\", listen: 2}\n", "a: &x [*x]\n<<: *x\n? b\n: c\n",
		"auth:\n  users:\n    - a\n    - \"*\"\n", "courses: {sources: [{path: a}, {url: \"https://h/x.tgz\"}, null, []]}\n",
		"data_dir: |\n  a\n", "data_dir: >-\n  a\n  b\n", "data_dir: \"\\x00\\ud800\\n\"\n", "ssh:\n\tlisten\n", "a: b: c\n---\n- {\n",
		"!!map {log: !!map {}}\n", "%YAML 1.2\n---\nlog:\n...\n", "sandbox: {max_sessions: 0x1f, idle: 1h, grace: .inf}\r\n", "{{{{[[[[",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := load(LoadOptions{File: "lectern.yaml"}, data)
		if err != nil {
			for _, line := range strings.Split(err.Error(), "\n") {
				if !strings.HasPrefix(line, "lectern.yaml") || strings.ContainsFunc(line, unicode.IsControl) {
					t.Errorf("a problem cannot be printed: %q", line)
				}
			}
			return
		}
		var text strings.Builder
		if err := c.Write(&text); err != nil {
			t.Fatal(err)
		}
		again, err := load(LoadOptions{File: "print"}, []byte(text.String()))
		if err != nil {
			t.Fatalf("%v in\n%s", err, &text)
		}
		if !reflect.DeepEqual(again, c) {
			t.Errorf("got  %+v\nwant %+v", again, c)
		}
	})
}
