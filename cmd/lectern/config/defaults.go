package config

import (
	"path/filepath"
	"time"
)

// Defaults returns the settings that hold when nobody says otherwise: a server
// for one machine, with the sample courses and without a cluster. Each call
// returns its own copy.
func Defaults() Config {
	c := Config{
		DataDir: "data",
		SSH: SSH{
			Listen:                   ":2222",
			SharedLogin:              "lab",
			AdminLogin:               "admin",
			MaxConnections:           200,
			MaxConnectionsPerAddress: 20,
			HandshakeTimeout:         20 * time.Second,
			Keepalive:                15 * time.Second,
		},
		Auth: Auth{
			GitHubURL: "https://github.com",
			Users:     []string{"*"},
			Admins:    []string{},
			CacheFor:  10 * time.Minute,
			StaleFor:  7 * 24 * time.Hour,
		},
		Courses: Courses{
			Unlock:  UnlockSequential,
			Sources: []Source{{Path: "courses"}},
		},
		Sandbox: Sandbox{
			Backend:     BackendLocal,
			Agent:       AgentAuto,
			MaxSessions: 4,
			MaxLife:     2 * time.Hour,
			Idle:        30 * time.Minute,
			Grace:       10 * time.Minute,
			Local: Local{
				Isolation: IsolationBubblewrap,
				Memory:    4 << 30,
				Processes: 256,
			},
			Kubernetes: Kubernetes{
				Namespace:    "lectern-sandboxes",
				Image:        "lectern-sandbox:latest",
				PullPolicy:   "IfNotPresent",
				PullSecrets:  []string{},
				StartTimeout: 3 * time.Minute,
				Storage:      Storage{Kind: StorageNone, Size: 1 << 30},
				NodeSelector: []string{},
				Tolerations:  []string{},
				Requests:     Resources{CPU: "250m", Memory: 512 << 20},
				Limits:       Resources{CPU: "2", Memory: 4 << 30},
			},
		},
		Proxy: Proxy{
			Listen:            ":8787",
			URL:               "http://lectern-proxy.lectern.svc:8787",
			Upstream:          "https://api.anthropic.com",
			Models:            []string{},
			Tools:             []string{"Read", "Glob", "Grep"},
			RequestsPerMinute: 30,
			Concurrency:       4,
		},
		Web: Web{
			Listen:    ":8080",
			PublicURL: "http://localhost:8080",
			SignInFor: 7 * 24 * time.Hour,
			Origins:   []string{},
			Proxies:   []string{},
			Enabled:   true,
		},
		Metrics:   Metrics{Listen: "127.0.0.1:9090"},
		Audit:     Audit{Keep: 90 * 24 * time.Hour, OnFailure: AuditContinue},
		Recording: Recording{MaxSize: 64 << 20, Keep: 30 * 24 * time.Hour},
		Log:       Log{Level: "info", Format: LogText},
	}
	c.SSH.HostKey = c.hostKeyInDataDir()
	return c
}

// hostKeyInDataDir is where the host key lies unless ssh.host_key says.
func (c *Config) hostKeyInDataDir() string {
	return filepath.Join(c.DataDir, "ssh_host_ed25519_key")
}
