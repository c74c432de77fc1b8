package local

import (
	"net"
	"os/exec"
	"strings"
	"testing"

	"lectern/sandbox/claude"
)

// The proxy knows by these words that the model is asked for a summary, which
// quotes what a learner has typed (proxy, summaryWords). In a sandbox Claude Code
// asks for one by itself, when a conversation has become long; there is no command
// that would have it do so, so this asks it outside of one.
func TestHowClaudeCodeAsksForASummary(t *testing.T) {
	program, model := claudeProgram(t), newStubModel(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- model.server.Serve(listener) }()
	t.Cleanup(func() {
		_ = model.server.Close()
		<-served
	})
	home, dir := t.TempDir(), t.TempDir()
	for _, words := range [][]string{{"hello"}, {"--continue", "/compact and keep each word"}} {
		cmd := exec.CommandContext(t.Context(), program, append([]string{"--tools", "Read,Glob,Grep", "-p"}, words...)...)
		cmd.Dir = dir
		cmd.Env = append(claude.Credential("token", nil), "HOME="+home, "PATH=/usr/bin:/bin",
			claude.URLVariable+"=http://"+listener.Addr().String(), "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1", "DISABLE_AUTOUPDATER=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%q: %v: %s", words, err, out)
		}
	}
	const want = "Your task is to create a detailed summary of "
	for len(model.requests) > 0 {
		if asked := <-model.requests; strings.Contains(asked.Everything, want) {
			return
		}
	}
	t.Errorf("no request for a summary has the words %q", want)
}
