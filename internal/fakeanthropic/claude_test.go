package fakeanthropic

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"lectern/internal/lecterntest"
)

// A whole lesson with the real Claude Code, where it is installed.
func TestALessonWithClaudeCode(t *testing.T) {
	program, err := exec.LookPath("claude")
	if err != nil {
		t.Skip("claude is not installed")
	}
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Skip("tmux is not installed")
	}
	home, course := t.TempDir(), t.TempDir()
	material := filepath.Join(course, "chapter.md")
	if err := os.WriteFile(material, []byte("The version lines come first.\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	known, err := json.Marshal(object{"hasCompletedOnboarding": true, "projects": object{
		course: object{"hasTrustDialogAccepted": true, "hasCompletedProjectOnboarding": true},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(home, ".claude.json"), known, 0o600); err != nil {
		t.Fatal(err)
	}
	limited := RateLimited
	api := New(key,
		Step{Said: "begin stage 1", Text: []string{"Let me ", "read."}, Tool: &Tool{Name: "Read", Input: object{"file_path": material}}},
		Step{Result: "The version lines come first", Text: []string{"What comes ", "first on the wire?"}},
		Step{Said: "the version lines", Fail: &limited},
		Step{Said: "the version lines", Text: []string{"Right. Well", " done.\n\n[STAGE_", "COMPLETE:1]\n"}},
	)
	// What a sandbox has is no key: the proxy swaps it, and here this does.
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "Bearer token" {
			r.Header.Set("X-Api-Key", key)
		}
		api.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	terminals := lecterntest.NewTerminals(t, course)
	terminal := terminals.Open("lesson", "100x40", "env", "HOME="+home, "ANTHROPIC_BASE_URL="+front.URL, "ANTHROPIC_AUTH_TOKEN=token",
		"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1", "DISABLE_AUTOUPDATER=1", "DISABLE_UPDATES=1", "ENABLE_TOOL_SEARCH=false",
		program, "Please begin stage 1", "--tools", "Read,Glob,Grep", "--permission-mode", "default")
	terminal.Expect("What comes first on the wire")
	terminal.Type("the version lines")
	terminal.Expect("❯.the version lines")
	terminal.Press("Enter")
	terminal.Expect(`STAGE_COMPLETE:1`)
	if left := api.Left(); left != 0 {
		t.Errorf("%d steps are left", left)
	}
	for _, r := range api.Requests() {
		if r.Path != "/v1/messages?beta=true" || strings.Join(r.Tools, " ") != "Glob Grep Read" || !r.Stream {
			t.Errorf("it asks %s %s with the tools %v", r.Method, r.Path, r.Tools)
		}
	}
}
