package gateway

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"lectern/gateway/auth"
)

// field is one of JSON, by its path. Where it is always there it is not
// omitempty.
type field struct {
	path   string
	always bool
}

// documentedCommand is what docs/commands.md says of one.
type documentedCommand struct {
	text   string
	fields []field
}

// TestCommandsAreDocumented holds docs/commands.md against the commands that there
// are, the fields of what they print, and the words that these may be.
func TestCommandsAreDocumented(t *testing.T) {
	documented := readCommandsPage(t)
	s := &session{server: &Server{}, user: "admin", who: auth.Identity{Login: "grace", Admin: true}}
	s.server.AdminLogin, s.server.Desk = "admin", &desk{}
	status := 0
	root := s.commands(&status)
	root.InitDefaultHelpCmd()
	var names []string
	for _, cmd := range root.Commands() {
		if cmd.Hidden { // for the page alone
			continue
		}
		names = append(names, cmd.Name())
		about, there := documented[cmd.Name()]
		if !there || !strings.Contains(about.text, "`"+cmd.Use) {
			t.Errorf("docs/commands.md does not say how %q is used", cmd.Use)
		}
		cmd.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
			if f.Name != "help" && !strings.Contains(about.text, "--"+f.Name) {
				t.Errorf("docs/commands.md does not say what %s --%s does", cmd.Name(), f.Name)
			}
		})
	}
	for name := range documented {
		if !slices.Contains(names, name) {
			t.Errorf("docs/commands.md has a command %s, which there is not", name)
		}
	}

	room := fieldsOf(reflect.TypeFor[roomEvent]())
	for name, printed := range map[string][]field{
		"whoami":  localFields(t, "whoamiCommand"),
		"courses": localFields(t, "coursesCommand"),
		"stages":  localFields(t, "stagesCommand"),
		"progress": slices.Concat(localFields(t, "showProgress"),
			below("courses[].", reflect.TypeFor[courseProgress]()), below("tokens.", reflect.TypeFor[tokenUsage]())),
		"sessions": room,
		"door":     localFields(t, "doorCommand"),
	} {
		compare(t, name, documented[name].fields, printed)
	}
	// The acts share one struct, of which each fills in what it has.
	var acts []field
	for _, name := range []string{"kill", "message", "extend", "grant"} {
		acts = append(acts, documented[name].fields...)
	}
	compare(t, "the acts", pathsOf(acts), pathsOf(fieldsOf(reflect.TypeFor[done]())))

	for name, words := range map[string][]string{
		"whoami":   constants(t, "auth", "Via"),
		"stages":   slices.Concat(constants(t, "../course", "State"), constants(t, "../progress", "Evidence")),
		"sessions": slices.Concat(constants(t, ".", "sessionState"), constants(t, ".", "roomEventKind")),
	} {
		for _, word := range words {
			if !strings.Contains(documented[name].text, "`"+word+"`") {
				t.Errorf("docs/commands.md does not say what %s means in %s", word, name)
			}
		}
	}
}

// readCommandsPage gives the commands by name: the headings of the third level.
func readCommandsPage(t *testing.T) map[string]documentedCommand {
	t.Helper()
	page, err := os.ReadFile("../docs/commands.md")
	if err != nil {
		t.Fatal(err)
	}
	found, name := make(map[string]documentedCommand), ""
	for line := range strings.Lines(string(page)) {
		if level, title, is := strings.Cut(strings.TrimSpace(line), "# "); is && strings.Trim(level, "#") == "" {
			name = ""
			if level == "##" {
				name = title
			}
			continue
		}
		if name == "" {
			continue
		}
		about := found[name]
		about.text += line
		if cells := strings.Split(line, " | "); strings.HasPrefix(line, "| `") && len(cells) >= 2 {
			about.fields = append(about.fields, field{strings.Trim(cells[0], "|` "), cells[1] == "always"})
		}
		found[name] = about
	}
	return found
}

func compare(t *testing.T, name string, documented, printed []field) {
	t.Helper()
	for _, f := range printed {
		if !slices.Contains(documented, f) {
			t.Errorf("%s prints %s (always: %t), which docs/commands.md does not say", name, f.path, f.always)
		}
	}
	for _, f := range documented {
		if !slices.Contains(printed, f) {
			t.Errorf("docs/commands.md says that %s prints %s (always: %t), which it does not", name, f.path, f.always)
		}
	}
}

// pathsOf leaves out whether fields are always there.
func pathsOf(fields []field) []field {
	paths := make(map[field]bool)
	for _, f := range fields {
		paths[field{path: f.path}] = true
	}
	return slices.Collect(maps.Keys(paths))
}

// tagged reads a tag as encoding/json does.
func tagged(tag reflect.StructTag) field {
	name, options, _ := strings.Cut(tag.Get("json"), ",")
	return field{name, !strings.Contains(options, "omit")}
}

// fieldsOf are the fields of a struct and of those in it.
func fieldsOf(of reflect.Type) (fields []field) {
	for _, f := range reflect.VisibleFields(of) {
		if f.Anonymous { // its fields come by themselves
			continue
		}
		one := tagged(f.Tag)
		fields = append(fields, one)
		switch inner := f.Type; {
		case inner.Kind() == reflect.Slice && inner.Elem().Kind() == reflect.Struct:
			fields = append(fields, below(one.path+"[].", inner.Elem())...)
		case inner.Kind() == reflect.Struct && inner != reflect.TypeFor[time.Time]():
			fields = append(fields, below(one.path+".", inner)...)
		}
	}
	return fields
}

// below are the fields of a struct that is in another.
func below(prefix string, of reflect.Type) []field {
	fields := fieldsOf(of)
	for i := range fields {
		fields[i].path = prefix + fields[i].path
	}
	return fields
}

// localFields are those of the struct in a function, which nothing but its source
// tells.
func localFields(t *testing.T, function string) (fields []field) {
	t.Helper()
	inspect(t, ".", func(n ast.Node) bool {
		f, is := n.(*ast.FuncDecl)
		if !is || f.Name.Name != function {
			return true
		}
		ast.Inspect(f, func(n ast.Node) bool {
			of, is := n.(*ast.StructType)
			if !is {
				return true
			}
			for _, f := range of.Fields.List {
				if f.Tag != nil {
					text, _ := strconv.Unquote(f.Tag.Value) // what the parser has taken is quoted
					fields = append(fields, tagged(reflect.StructTag(text)))
				}
			}
			return false
		})
		return false
	})
	if len(fields) == 0 {
		t.Errorf("there is no struct in %s", function)
	}
	return fields
}

// constants are the values of the constants of a type of strings.
func constants(t *testing.T, dir, of string) (values []string) {
	t.Helper()
	inspect(t, dir, func(n ast.Node) bool {
		spec, is := n.(*ast.ValueSpec)
		if !is {
			return true
		}
		if name, is := spec.Type.(*ast.Ident); is && name.Name == of {
			for _, value := range spec.Values {
				if literal, is := value.(*ast.BasicLit); is && literal.Kind == token.STRING {
					text, _ := strconv.Unquote(literal.Value)
					values = append(values, text)
				}
			}
		}
		return false
	})
	if len(values) == 0 {
		t.Errorf("there are no constants of %s in %s", of, dir)
	}
	return values
}

// inspect walks the source of a package, without its tests.
func inspect(t *testing.T, dir string, visit func(ast.Node) bool) {
	t.Helper()
	names, err := fs.Glob(os.DirFS(dir), "*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), dir+"/"+name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, visit)
	}
}
