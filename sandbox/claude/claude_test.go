package claude

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"lectern/sandbox"
)

// visitor is a learner's home with a course and a program in reach.
type visitor struct {
	t      *testing.T
	place  Place
	lesson Lesson
}

func newVisitor(t *testing.T) *visitor {
	t.Helper()
	top := t.TempDir()
	v := &visitor{
		t:     t,
		place: Place{Lectern: "/opt/lectern", Program: filepath.Join(top, "claude"), NoShell: "/opt/no-shell/bash"},
		lesson: Lesson{
			CourseID: "ssh", CourseTitle: "SSH", Dir: filepath.Join(top, "home", "papers", "ssh"), Home: filepath.Join(top, "home"),
			Stage: 1, Stages: 3, StageTitle: "The handshake",
		},
	}
	if err := os.MkdirAll(v.lesson.Dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(v.place.Program, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	return v
}

var proxied = []string{"HOME=/home/lab", URLVariable + "=http://proxy:8787", TokenVariable + "=token"}

// visit starts a lesson and returns what follows the arguments that are always
// there.
func (v *visitor) visit(stage int) []string {
	v.t.Helper()
	v.lesson.Stage = stage
	start, err := Prepare(v.place, v.lesson, proxied)
	if err != nil {
		v.t.Fatal(err)
	}
	i := slices.Index(start.Args, "--append-system-prompt")
	if i < 0 || len(start.Args) < i+2 {
		v.t.Fatalf("the arguments are %q", start.Args)
	}
	return start.Args[i+2:]
}

// talk leaves on record the conversation that args begin.
func (v *visitor) talk(args []string) (id string) {
	v.t.Helper()
	if len(args) < 2 || args[0] != "--session-id" {
		v.t.Fatalf("no new conversation: %q", args)
	}
	v.write(filepath.Join(".claude/projects/-home-lab-papers-ssh", args[1]+".jsonl"), opened+"{\"type\":\"assistant\"}\n")
	return args[1]
}

// opened is the record of a conversation that nobody has answered.
const opened = "{\"type\":\"mode\"}\n{\"type\":\"user\"}\n"

func (v *visitor) write(name, text string) {
	v.t.Helper()
	path := filepath.Join(v.lesson.Home, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		v.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		v.t.Fatal(err)
	}
}

func (v *visitor) expect(got []string, want ...string) {
	v.t.Helper()
	if !slices.Equal(got, want) {
		v.t.Errorf("Claude Code is told %q, not %q", got, want)
	}
}

func TestVisits(t *testing.T) {
	v := newVisitor(t)
	first := v.visit(1)
	one := v.talk(first)
	if !uuid.MatchString(one) {
		t.Errorf("the conversation is called %q", one)
	}
	v.expect(first, "--session-id", one, "--", "Begin stage 1: The handshake.")
	v.expect(v.visit(1), "--continue")
	two := v.talk(v.visit(2))
	if two == one {
		t.Error("two stages have one conversation")
	}
	v.expect(v.visit(2), "--continue")
	v.expect(v.visit(1), "--resume", one)
	v.expect(v.visit(1), "--continue")
	v.expect(v.visit(2), "--resume", two)
}

func TestLostConversationBeginsAnew(t *testing.T) {
	for name, lose := range map[string]func(v *visitor, id string){
		"never on record": func(*visitor, string) {},
		"never answered": func(v *visitor, id string) {
			v.write(filepath.Join(".claude/projects/-home-lab-papers-ssh", id+".jsonl"), opened)
		},
		"answered by an error": func(v *visitor, id string) {
			v.write(filepath.Join(".claude/projects/-home-lab-papers-ssh", id+".jsonl"), opened+"{\"type\":\"assistant\",\"isApiErrorMessage\":true}\n")
		},
		"cleaned up": func(v *visitor, id string) {
			v.talk([]string{"--session-id", id})
			if err := os.RemoveAll(filepath.Join(v.lesson.Home, ".claude")); err != nil {
				v.t.Fatal(err)
			}
		},
		"empty": func(v *visitor, id string) {
			v.write(".claude/projects/x/"+id+".jsonl", "")
		},
		"what is remembered is broken": func(v *visitor, id string) {
			v.talk([]string{"--session-id", id})
			v.write(".lectern/ssh/claude.json", `{"last": 1, "conv`)
		},
		"what is remembered is no id": func(v *visitor, id string) {
			v.talk([]string{"--session-id", id})
			v.write(".lectern/ssh/claude.json", `{"last": 1, "conversations": {"1": "*"}}`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVisitor(t)
			before := v.visit(1)[1]
			lose(v, before)
			after := v.visit(1)
			if len(after) != 4 || after[0] != "--session-id" || after[1] == before {
				t.Errorf("after %s it is told %q", before, after)
			}
		})
	}
}

func TestHomeIsSettled(t *testing.T) {
	for name, before := range map[string]string{
		"new":         "",
		"broken":      `{"projects": {`,
		"no object":   `[1, 2]`,
		"odd inside":  `{"projects": 7, "kept": 12345678901234567890}`,
		"kept":        `{"kept": 12345678901234567890, "projects": {"/elsewhere": {"x": 1}}, "hasCompletedOnboarding": false}`,
		"far too big": `{"kept": "` + strings.Repeat("x", maxState) + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			v := newVisitor(t)
			if before != "" {
				v.write(stateFile, before)
			}
			v.visit(1)
			data, err := os.ReadFile(filepath.Join(v.lesson.Home, stateFile))
			if err != nil {
				t.Fatal(err)
			}
			var state struct {
				HasCompletedOnboarding bool
				Kept                   json.RawMessage
				Projects               map[string]map[string]json.RawMessage
			}
			if err := json.Unmarshal(data, &state); err != nil {
				t.Fatalf("%v: %s", err, data)
			}
			here := state.Projects[v.lesson.Dir]
			if !state.HasCompletedOnboarding || string(here["hasTrustDialogAccepted"]) != "true" || string(here["hasCompletedProjectOnboarding"]) != "true" ||
				string(here["hasClaudeMdExternalIncludesWarningShown"]) != "true" {
				t.Errorf("it would ask: %s", data)
			}
			if string(here["hasClaudeMdExternalIncludesApproved"]) != "false" {
				t.Errorf("a course would lead to other files: %s", data)
			}
			if strings.Contains(before, "12345678901234567890") && string(state.Kept) != "12345678901234567890" {
				t.Errorf("what was there became %s", state.Kept)
			}
			if name == "kept" && string(state.Projects["/elsewhere"]["x"]) != "1" {
				t.Errorf("another project is lost: %s", data)
			}
		})
	}
}

// A home may hold anything: a learner may have had a shell in it in earlier days.
func TestNothingLeadsOutOfTheHome(t *testing.T) {
	for _, name := range []string{stateFile, stateFile + ".new", ".lectern", ".lectern/ssh", ".lectern/ssh/claude.json", ".lectern/ssh/claude.json.new"} {
		for _, kind := range []string{"file", "folder", "nothing"} {
			t.Run(name+" to a "+kind, func(t *testing.T) {
				v := newVisitor(t)
				outside := t.TempDir()
				target := map[string]string{"file": filepath.Join(outside, "file"), "folder": outside, "nothing": filepath.Join(outside, "none")}[kind]
				if err := os.WriteFile(filepath.Join(outside, "file"), []byte("theirs"), 0o600); err != nil {
					t.Fatal(err)
				}
				link := filepath.Join(v.lesson.Home, name)
				if err := os.MkdirAll(filepath.Dir(link), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.Symlink(target, link); err != nil {
					t.Fatal(err)
				}
				v.talk(v.visit(1))
				v.expect(v.visit(1), "--continue")
				left, err := os.ReadDir(outside)
				if err != nil || len(left) != 1 {
					t.Errorf("outside there are %v, %v", left, err)
				}
				if text, _ := os.ReadFile(filepath.Join(outside, "file")); string(text) != "theirs" {
					t.Errorf("outside was written %q", text)
				}
			})
		}
	}
}

func TestFolderInTheStatesPlace(t *testing.T) {
	v := newVisitor(t)
	v.write(stateFile+"/x", "in the way")
	v.visit(1)
	if info, err := os.Stat(filepath.Join(v.lesson.Home, stateFile)); err != nil || !info.Mode().IsRegular() {
		t.Errorf("there is %v, %v", info, err)
	}
}

func TestWhatIsMissingIsSaid(t *testing.T) {
	for name, test := range map[string]struct {
		change  func(v *visitor)
		environ []string
		want    string
	}{
		"address": {environ: []string{TokenVariable + "=token"}, want: "no way to its model"},
		"token":   {environ: []string{URLVariable + "=http://proxy:8787", TokenVariable + "="}, want: "no way to its model"},
		"program": {change: func(v *visitor) { v.place.Program += "-none" }, environ: proxied, want: "there is no tutor in this sandbox"},
		"permission": {change: func(v *visitor) {
			if err := os.Chmod(v.place.Program, 0o644); err != nil {
				v.t.Fatal(err)
			}
		}, environ: proxied, want: "there is no tutor in this sandbox"},
		"course": {change: func(v *visitor) { v.lesson.Dir += "-none" }, environ: proxied, want: "the course is not in this sandbox"},
		"home":   {change: func(v *visitor) { v.lesson.Home += "-none" }, environ: proxied, want: "home is not in this sandbox"},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVisitor(t)
			if test.change != nil {
				test.change(v)
			}
			_, err := Prepare(v.place, v.lesson, test.environ)
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("told %v", err)
			}
		})
	}
}

func TestStart(t *testing.T) {
	v := newVisitor(t)
	v.lesson.StageTitle, v.lesson.Stage, v.lesson.Stages = "Who is\n there: \"keys\" and trust.", 3, 3
	start, err := Prepare(v.place, v.lesson, append([]string{
		"TERM=xterm", "LC_ALL=C.UTF-8", "LECTERN_EVENT_FD=3", "ANTHROPIC_API_KEY=real", "PATH=/usr/bin", "LD_PRELOAD=/x", "NODE_OPTIONS=-r x",
	}, proxied...))
	if err != nil {
		t.Fatal(err)
	}
	if start.Program != v.place.Program || start.Dir != v.lesson.Dir {
		t.Errorf("%s is run in %s", start.Program, start.Dir)
	}
	line := strings.Join(start.Args, "\x00")
	for _, want := range []string{
		"claude\x00--tools\x00Read,Glob,Grep\x00",
		`teach stage 3 of 3, which is the last one: "Who is there: \"keys\" and trust."`,
		"\x00--\x00Begin stage 3: Who is there: \"keys\" and trust.",
	} {
		if !strings.Contains(line, want) {
			t.Errorf("the arguments %q lack %q", start.Args, want)
		}
	}
	if strings.Contains(line, "token") {
		t.Error("the token is on the command line")
	}
	for _, variable := range start.Environ {
		name, _, _ := strings.Cut(variable, "=")
		if slices.Contains([]string{"LECTERN_EVENT_FD", "ANTHROPIC_API_KEY", "LD_PRELOAD", "NODE_OPTIONS"}, name) || variable == "PATH=/usr/bin" {
			t.Errorf("it gets %s", variable)
		}
	}
	for _, want := range append([]string{"TERM=xterm", "LC_ALL=C.UTF-8", "PATH=/opt/no-shell", "CLAUDE_CODE_SHELL=/opt/no-shell/bash"}, proxied...) {
		if !slices.Contains(start.Environ, want) {
			t.Errorf("it does not get %s", want)
		}
	}
}

func TestCommand(t *testing.T) {
	got := Place{Lectern: "/l", Program: "/c", NoShell: "/n/bash"}.Command(
		sandbox.Spec{CourseID: "ssh", CourseTitle: "SSH", Stage: 2}, "/papers/ssh")
	want := []string{"/l", "claude", "--program", "/c", "--no-shell", "/n/bash", "--course", "/papers/ssh", "--id", "ssh", "--title", "SSH", "--stage", "2"}
	if !slices.Equal(got, want) {
		t.Errorf("the command is %q", got)
	}
}

func TestManaged(t *testing.T) {
	files, err := Managed()
	if err != nil {
		t.Fatal(err)
	}
	var settings struct {
		Permissions struct {
			Allow, Deny                               []string
			DefaultMode, DisableBypassPermissionsMode string
			DisableAutoMode                           string
		}
		AllowManagedPermissionRulesOnly, AllowManagedHooksOnly, AllowManagedMcpServersOnly, DisableAllHooks bool
		StrictKnownMarketplaces                                                                             *[]any
	}
	if err := json.Unmarshal(files["managed-settings.json"], &settings); err != nil {
		t.Fatal(err)
	}
	p := settings.Permissions
	if strings.Join(p.Allow, ",") != tools {
		t.Errorf("allowed are %q, and the tutor has %s", p.Allow, tools)
	}
	for _, denied := range []string{"Bash", "Write", "Edit", "WebFetch", "WebSearch", "Read(//proc/**)", "Read(//run/**)", "Read(~/.claude.json)"} {
		if !slices.Contains(p.Deny, denied) {
			t.Errorf("%s is not denied", denied)
		}
	}
	if p.DefaultMode != "dontAsk" || p.DisableBypassPermissionsMode != "disable" || p.DisableAutoMode != "disable" ||
		!settings.AllowManagedPermissionRulesOnly || !settings.AllowManagedHooksOnly || !settings.AllowManagedMcpServersOnly ||
		!settings.DisableAllHooks || settings.StrictKnownMarketplaces == nil || len(*settings.StrictKnownMarketplaces) > 0 {
		t.Errorf("the settings are %+v", settings)
	}
	role := string(files["CLAUDE.md"])
	if strings.Count(role, "[STAGE_COMPLETE:N]") != 1 || strings.Count(role, "[DUNGEON_COMPLETE]") != 1 || len(files) != 2 {
		t.Errorf("the role does not name each marker once")
	}
}

func TestNoShell(t *testing.T) {
	var said strings.Builder
	if status := RefuseShell(&said); status != 126 || !strings.HasPrefix(said.String(), "There is no shell") {
		t.Errorf("status %d: %q", status, &said)
	}
	for program, want := range map[string]bool{"bash": true, "/usr/local/lib/lectern/bash": true, "/usr/local/bin/lectern": false, "": false} {
		if IsShell(program) != want {
			t.Errorf("%q is a shell: %t", program, !want)
		}
	}
}
