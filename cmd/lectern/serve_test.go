package main

import (
	"bytes"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"lectern/cmd/lectern/config"
)

// TestTakenPort: nobody is invited to a gateway that cannot serve.
func TestTakenPort(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	t.Setenv("HOME", t.TempDir())
	t.Setenv("SSH_AUTH_SOCK", "")
	for key, set := range map[string]func(*config.Config){
		"ssh.listen":     func(c *config.Config) { c.SSH.Listen = taken.Addr().String() },
		"metrics.listen": func(c *config.Config) { c.Metrics.Listen = taken.Addr().String() },
	} {
		t.Run(key, func(t *testing.T) {
			c := config.Defaults()
			c.DataDir = t.TempDir()
			c.SSH.HostKey = filepath.Join(c.DataDir, "host_key")
			c.SSH.Listen, c.Metrics.Listen = "127.0.0.1:0", ""
			c.Courses.Sources = []config.Source{{Path: "../../courses"}}
			c.Sandbox.Local.Isolation = config.IsolationNone
			set(&c)
			var out bytes.Buffer
			err := serve(t.Context(), c, true, &out)
			want := "on " + taken.Addr().String() + ", because another program does so already: end that, or set " + key + " to another address"
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("the gateway ended with %v", err)
			}
			if out.Len() > 0 {
				t.Errorf("the owner was told: %s", out.String())
			}
		})
	}
}
