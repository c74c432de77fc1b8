package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lectern/cmd/lectern/config"
)

// native is a program as Claude Code's is one: of its own.
func native(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return self
}

func TestWhoTeaches(t *testing.T) {
	script := filepath.Join(t.TempDir(), "claude")
	if err := os.WriteFile(script, []byte("#!/usr/bin/env node\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name   string
		change func(c *config.Config)
		claude bool
		lacks  string // what auto says is missing, and claude is refused for
	}{
		{"a key and the program", func(*config.Config) {}, true, ""},
		{"a file with the key", func(c *config.Config) { c.Proxy.APIKey, c.Proxy.APIKeyFile = "", "key" }, true, ""},
		{"no key", func(c *config.Config) { c.Proxy.APIKey = "" }, false, "there is no API key"},
		{"no program", func(c *config.Config) { c.Sandbox.Local.Claude = "/nowhere/claude" }, false, "there is no program /nowhere/claude"},
		{"a script of Node.js", func(c *config.Config) { c.Sandbox.Local.Claude = script }, false, "needs Node.js"},
		{"no jail", func(c *config.Config) { c.Sandbox.Local.Isolation = config.IsolationNone }, false, "set sandbox.local.isolation to bubblewrap"},
		{"a cluster with a proxy", func(c *config.Config) {
			c.Sandbox.Backend, c.Proxy.APIKey, c.Proxy.Events.Listen = config.BackendKubernetes, "", ":8081"
			c.Proxy.Tokens.PrivateKeyFile = "private.pem"
		}, true, ""},
		{"a cluster where nobody knows the tokens", func(c *config.Config) {
			c.Sandbox.Backend, c.Proxy.Events.Listen = config.BackendKubernetes, ":8081"
		}, false, "set proxy.session_tokens.private_key_file"},
		{"a cluster without one", func(c *config.Config) { c.Sandbox.Backend = config.BackendKubernetes }, false, "set proxy.events.listen"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := config.Defaults()
			c.Proxy.APIKey, c.Sandbox.Local.Claude = "a-key", native(t)
			test.change(&c)
			var said strings.Builder
			log := slog.New(slog.NewTextHandler(&said, nil))
			got, err := withClaude(c, log)
			if err != nil || got != test.claude || !strings.Contains(said.String(), test.lacks) {
				t.Errorf("auto: %t, %v: %s", got, err, said.String())
			}
			c.Sandbox.Agent = config.AgentClaude
			got, err = withClaude(c, log)
			if got != test.claude || (err != nil) == test.claude || err != nil && !strings.Contains(err.Error(), test.lacks) {
				t.Errorf("claude: %t, %v", got, err)
			}
			c.Sandbox.Agent = config.AgentTutor
			if got, err := withClaude(c, log); got || err != nil {
				t.Errorf("tutor: %t, %v", got, err)
			}
		})
	}
}
