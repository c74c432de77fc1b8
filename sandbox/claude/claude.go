// Package claude starts Claude Code as the tutor of a stage. It settles what
// Claude Code would ask a newcomer, gives it its three tools and its role, and
// finds the learner's conversation again: the start script of every sandbox with
// a model, the same in a Pod and in a jail.
//
// It knows Claude Code's command line and files, and nothing of the API proxy but
// its address.
package claude

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"lectern/sandbox"
)

// Place is where things are in a sandbox.
type Place struct {
	// Lectern is our own program, and Program Claude Code's native one.
	Lectern, Program string
	// NoShell is our own program again under the name bash. Claude Code runs what
	// a learner types after "!" without asking anybody, in a shell that it looks
	// for by itself, and is given this one.
	NoShell string
}

// Command is the command line that teaches a stage, of `lectern claude`.
func (p Place) Command(spec sandbox.Spec, courseDir string) []string {
	return []string{
		p.Lectern, "claude", "--program", p.Program, "--no-shell", p.NoShell,
		"--course", courseDir, "--id", spec.CourseID, "--title", spec.CourseTitle, "--stage", strconv.Itoa(spec.Stage),
	}
}

// Lesson is what is taught.
type Lesson struct {
	CourseID, CourseTitle string
	// Dir is the course's folder, and Home the learner's.
	Dir, Home string
	// Stage is the number of the stage, and Stages how many the course has.
	Stage, Stages int
	StageTitle    string
}

// Start is what to execute, and as what.
type Start struct {
	Program string
	Args    []string // the first is the program's name
	Environ []string
	Dir     string
}

// Prepare settles the learner's home for a lesson and says how to start Claude
// Code for it. environ is the environment of the sandbox, of which Claude Code
// gets what it needs.
func Prepare(p Place, l Lesson, environ []string) (Start, error) {
	clean, err := cleanEnviron(environ, p.NoShell)
	if err != nil {
		return Start{}, err
	}
	if info, err := os.Stat(p.Program); err != nil || !info.Mode().IsRegular() || info.Mode().Perm()&0o111 == 0 {
		return Start{}, fmt.Errorf("there is no tutor in this sandbox: %s is not a program that can be run; please tell your instructor", p.Program)
	}
	dir, err := filepath.EvalSymlinks(l.Dir) // as Claude Code names the folder that it is in
	if err != nil {
		return Start{}, fmt.Errorf("the course is not in this sandbox; please tell your instructor: %w", err)
	}
	home, err := os.OpenRoot(l.Home)
	if err != nil {
		return Start{}, fmt.Errorf("the learner's home is not in this sandbox; please tell your instructor: %w", err)
	}
	defer func() { _ = home.Close() }()
	if err := settle(home, dir); err != nil {
		return Start{}, fmt.Errorf("prepare the learner's home: %w", err)
	}
	messages, err := messageSocket(home, l.Home)
	if err != nil {
		return Start{}, fmt.Errorf("prepare the learner's home: %w", err)
	}
	conversation, err := visit(home, l)
	if err != nil {
		return Start{}, fmt.Errorf("find the learner's conversation: %w", err)
	}
	args := append([]string{
		filepath.Base(p.Program),
		"--tools", tools,
		// Servers of tools come from no file of the course or the home, nor do
		// settings from a kept home; the course's CLAUDE.md is of the project.
		"--strict-mcp-config", "--setting-sources", "project",
		// No command of Claude Code's own: there are some that write files (/export,
		// /keybindings), write down what is in memory, the token with it (/heapdump),
		// go elsewhere (/cd, after which nothing finds the conversation again) or
		// start other sessions (/fork). A learner leaves with "exit".
		"--disable-slash-commands",
		"--messaging-socket-path", messages,
		"--append-system-prompt", l.systemPrompt(),
	}, conversation...)
	return Start{Program: p.Program, Args: args, Environ: clean, Dir: dir}, nil
}

// tools are all that the tutor can do.
const tools = "Read,Glob,Grep"

// systemPrompt tells which stage is taught; how, is in managed/CLAUDE.md.
func (l Lesson) systemPrompt() string {
	position := fmt.Sprintf("stage %d of %d", l.Stage, l.Stages)
	if l.Stage == l.Stages {
		position += ", which is the last one"
	}
	return fmt.Sprintf("You are the tutor of the course %q (%s). In this conversation you teach %s: %q. No other stage is taught or completed here.",
		line(l.CourseTitle), l.CourseID, position, line(l.StageTitle))
}

// opening is what begins a lesson, in the learner's place.
func (l Lesson) opening() string {
	return fmt.Sprintf("Begin stage %d: %s.", l.Stage, strings.TrimRight(line(l.StageTitle), ".。 "))
}

// line is text in one line.
func line(text string) string { return strings.Join(strings.Fields(text), " ") }

// errNoModel is what a sandbox lacks without which no model can be asked.
var errNoModel = errors.New("the tutor has no way to its model (" + URLVariable + " or " + TokenVariable + " is not set); please tell your instructor")
