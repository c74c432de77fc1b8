package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
)

// loadText loads text as the file lectern.yaml, with variables and typed flags.
func loadText(t *testing.T, text string, environ, args []string) (Config, error) {
	t.Helper()
	flags := pflag.NewFlagSet("lectern", pflag.ContinueOnError)
	RegisterFlags(flags)
	if err := flags.Parse(args); err != nil {
		t.Fatalf("parse %q: %v", args, err)
	}
	return load(LoadOptions{File: "lectern.yaml", Environ: environ, Flags: flags}, []byte(text))
}

func TestNothingGivenMeansDefaults(t *testing.T) {
	for _, text := range []string{"", "\n", "# only a comment\n", "---\n", "\ufeff", "ssh:\nsandbox:\n  local:\n"} {
		got, err := loadText(t, text, []string{"HOME=/root", "PATH", "=x"}, nil)
		if err != nil {
			t.Errorf("%q: %v", text, err)
		} else if !reflect.DeepEqual(got, Defaults()) {
			t.Errorf("%q: got %+v", text, got)
		}
	}
}

func TestLaterLayersWin(t *testing.T) {
	const file = "ssh: {max_connections: 101, keepalive: 1s, handshake_timeout: 1s}\nauth: {users: [a, b]}\n"
	got, err := loadText(t, file,
		[]string{"LECTERN_SSH_KEEPALIVE=2s", "LECTERN_SSH_HANDSHAKE_TIMEOUT=2s", "LECTERN_AUTH_USERS=c, d"},
		[]string{"--ssh.handshake_timeout", "3s"})
	if err != nil {
		t.Fatal(err)
	}
	want := Defaults()
	want.SSH.MaxConnections = 101
	want.SSH.Keepalive = 2 * time.Second
	want.SSH.HandshakeTimeout = 3 * time.Second
	want.Auth.Users = []string{"c", "d"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// TestEveryKeyFromEveryLayer sets each key in each way to a value that is not
// its default, so that no type of field is forgotten anywhere.
func TestEveryKeyFromEveryLayer(t *testing.T) {
	other := map[string]string{
		"data_dir": "/srv/lectern", "ssh.listen": "127.0.0.1:22", "ssh.host_key": "key", "ssh.shared_login": "learn",
		"ssh.admin_login": "teach", "ssh.max_connections": "300", "ssh.max_connections_per_address": "3",
		"ssh.handshake_timeout": "1m30s", "ssh.keepalive": "500ms",
		"auth.github_url": "http://git.example", "auth.users": "ann,bob", "auth.admins": "eve",
		"auth.authorized_keys": "keys", "auth.cache_for": "1h30m", "auth.stale_for": "200h",
		"courses.unlock": "open", "courses.sources": "a,https://h.example/x.tgz",
		"sandbox.backend": "kubernetes", "sandbox.agent": "tutor", "sandbox.max_sessions": "9", "sandbox.max_life": "3h",
		"sandbox.idle": "20m", "sandbox.grace": "1m", "sandbox.local.isolation": "none", "sandbox.local.memory": "1500M",
		"sandbox.local.processes": "64", "sandbox.kubernetes.kubeconfig": "kc", "sandbox.kubernetes.namespace": "ns",
		"sandbox.kubernetes.image": "r.example/i@sha256:00", "sandbox.kubernetes.pull_policy": "Always",
		"sandbox.kubernetes.storage.kind": "pvc", "sandbox.kubernetes.storage.class": "fast",
		"sandbox.kubernetes.storage.size": "2Gi", "sandbox.kubernetes.storage.path": "/data",
		"sandbox.kubernetes.runtime_class": "gvisor", "sandbox.kubernetes.pull_secrets": "registry",
		"sandbox.kubernetes.start_timeout": "1m", "sandbox.kubernetes.node_selector": "disk=ssd,zone=b",
		"sandbox.kubernetes.tolerations":  "lab,gpu=true:NoSchedule",
		"sandbox.kubernetes.requests.cpu": "0.5", "sandbox.kubernetes.requests.memory": "1Gi",
		"sandbox.kubernetes.limits.cpu": "3", "sandbox.kubernetes.limits.memory": "5Gi",
		"proxy.listen": ":1", "proxy.upstream": "http://mock:80", "proxy.api_key_file": "/run/key", "proxy.models": "m-1",
		"proxy.tools": "Read", "proxy.requests_per_minute": "31", "proxy.concurrency": "5", "proxy.tokens_per_day": "1000000",
		"proxy.url": "http://10.43.0.9:1", "proxy.session_tokens.private_key_file": "private.pem",
		"proxy.session_tokens.public_key_file": "public.pem", "proxy.events.listen": ":4", "proxy.events.url": "http://10.43.0.8:2",
		"proxy.events.secret_file": "secret", "sandbox.local.claude": "/opt/claude",
		"web.listen": ":2", "web.public_url": "https://lab.example", "web.enabled": "false",
		"web.sign_in_for": "12h", "web.tls.certificate": "tls.crt", "web.tls.key": "tls.key", "web.ssh_port": "30022",
		"web.origins": "https://a.example,https://b.example:8443", "web.proxies": "10.42.0.0/16,fd00::/8", "metrics.listen": "[::1]:3",
		"audit.dir": "/srv/trail", "audit.keep": "25h", "audit.on_failure": "refuse", "recording.enabled": "true",
		"recording.dir": "casts", "recording.max_size": "1Mi", "recording.keep": "48h",
		"progress.trust_terminal": "true", "log.level": "debug", "log.format": "json",
	}
	// What makes sense only beside other values gets those too.
	beside := map[string]string{
		"sandbox.kubernetes.storage.class": "sandbox.kubernetes.storage.kind=pvc",
		"sandbox.kubernetes.storage.path":  "sandbox.kubernetes.storage.kind=hostPath",
		"proxy.events.listen":              "proxy.events.secret_file=secret",
		"proxy.events.url":                 "proxy.events.secret_file=secret",
		"web.tls.certificate":              "web.tls.key=tls.key web.public_url=https://lab.example",
		"web.tls.key":                      "web.tls.certificate=tls.crt web.public_url=https://lab.example",
	}
	defaults := Defaults()
	for _, k := range values(&defaults) {
		text, ok := other[k.path]
		if !ok || text == k.text() {
			t.Errorf("%s: the test has no other value", k.path)
			continue
		}
		texts, paths := map[string]string{k.path: text}, []string{k.path}
		for _, companion := range strings.Fields(beside[k.path]) {
			path, value, _ := strings.Cut(companion, "=")
			texts[path], paths = value, append(paths, path)
		}
		layers := map[string]func() (Config, error){
			"file": func() (Config, error) {
				var c Config
				for _, field := range values(&c) {
					if text, ok := texts[field.path]; ok {
						if err := field.parse(text); err != nil {
							t.Fatalf("%s: %v", field.path, err)
						}
					}
				}
				return loadText(t, onlyKeys(&c, paths...), nil, nil)
			},
			"environment": func() (Config, error) {
				var environ []string
				for _, path := range paths {
					environ = append(environ, key{path: path}.variable()+"="+texts[path])
				}
				return loadText(t, "", environ, nil)
			},
			"flags": func() (Config, error) {
				var args []string
				for _, path := range paths {
					args = append(args, key{path: path}.flag()+"="+texts[path])
				}
				return loadText(t, "", nil, args)
			},
		}
		for layer, load := range layers {
			got, err := load()
			if err != nil {
				t.Errorf("%s from the %s: %v", k.path, layer, err)
				continue
			}
			for _, g := range values(&got) {
				if g.path == k.path && g.text() != text {
					t.Errorf("%s from the %s: got %s, want %s", k.path, layer, g.text(), text)
				}
			}
		}
	}
}

// onlyKeys writes a file that has only some keys.
func onlyKeys(c *Config, paths ...string) string {
	var out strings.Builder
	for _, k := range walk(c, "") {
		indent := strings.Repeat("  ", k.depth())
		for _, path := range paths {
			if k.section && strings.HasPrefix(path, k.path+".") {
				fmt.Fprintf(&out, "%s%s:\n", indent, k.name())
				break
			}
			if k.path == path {
				fmt.Fprintf(&out, "%s%s:%s\n", indent, k.name(), k.yaml(indent+"  "))
			}
		}
	}
	return out.String()
}

func TestHostKeyFollowsDataDir(t *testing.T) {
	for _, test := range []struct{ file, want string }{
		{"data_dir: /srv/lectern\n", "/srv/lectern/ssh_host_ed25519_key"},
		{"data_dir: /srv/lectern\nssh: {host_key: \"\"}\n", "/srv/lectern/ssh_host_ed25519_key"},
		{"data_dir: /srv/lectern\nssh: {host_key: mine}\n", "mine"},
	} {
		got, err := loadText(t, test.file, nil, nil)
		if err != nil || got.SSH.HostKey != test.want {
			t.Errorf("%q: got %s, %v; want %s", test.file, got.SSH.HostKey, err, test.want)
		}
	}
}

// TestPublicURLFollowsListen where nobody sets it: a page on another port is not
// to hand out links to the usual one.
func TestPublicURLFollowsListen(t *testing.T) {
	for _, test := range []struct{ file, want string }{
		{"web: {listen: \":9000\"}\n", "http://localhost:9000"},
		{"web: {listen: \"127.0.0.1:9000\", public_url: \"\"}\n", "http://localhost:9000"},
		{"web: {listen: \":080\"}\n", "http://localhost:80"},
		{"web: {listen: \"[::]:9000\"}\n", "http://localhost:9000"},
		{"web: {listen: \"127.0.0.2:9000\"}\n", "http://127.0.0.2:9000"},
		{"web: {listen: \"[fd00::1]:9000\"}\n", "http://[fd00::1]:9000"},
		{"web: {listen: \":9000\", public_url: \"https://lab.example\"}\n", "https://lab.example"},
	} {
		got, err := loadText(t, test.file, nil, nil)
		if err != nil || got.Web.PublicURL != test.want {
			t.Errorf("%q: got %s, %v; want %s", test.file, got.Web.PublicURL, err, test.want)
		}
	}
}

func TestRepeatedListFlagGrows(t *testing.T) {
	got, err := loadText(t, "", nil, []string{"--auth.users=a,b", "--auth.users", "c", "--web.enabled=false", "--progress.trust_terminal"})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"a", "b", "c"}; !reflect.DeepEqual(got.Auth.Users, want) || got.Web.Enabled || !got.Progress.TrustTerminal {
		t.Errorf("got %+v", got)
	}
}

func TestFlagUsageTellsMeaningAndDefault(t *testing.T) {
	flags := pflag.NewFlagSet("lectern", pflag.ContinueOnError)
	RegisterFlags(flags)
	usage := flags.FlagUsages()
	for _, want := range []string{"--sandbox.idle duration", "time without a keystroke after which a sandbox ends (default 30m)"} {
		if !strings.Contains(usage, want) {
			t.Errorf("the usage lacks %q:\n%s", want, usage)
		}
	}
}

func TestForeignVariables(t *testing.T) {
	options := LoadOptions{
		Allow: []string{"LECTERN_EVENT_FD", "LECTERN_TEST_*"},
		Environ: []string{
			"LECTERN_EVENT_FD=3", "LECTERN_TEST_COURSES=x",
			// What Kubernetes sets for Services named lectern and lectern-proxy.
			"LECTERN_SERVICE_HOST=10.0.0.1", "LECTERN_SERVICE_PORT=2222", "LECTERN_SERVICE_PORT_SSH=2222",
			"LECTERN_PORT=tcp://10.0.0.1:2222", "LECTERN_PORT_2222_TCP=tcp://10.0.0.1:2222",
			"LECTERN_PROXY_SERVICE_HOST=10.0.0.2", "LECTERN_PROXY_PORT=tcp://10.0.0.2:8787",
			"LECTERN_PROXY_PORT_8787_TCP_PROTO=tcp", "LECTERN_PROXY_PORT_8787_TCP_ADDR=10.0.0.2",
		},
	}
	if _, err := Load(options); err != nil {
		t.Error(err)
	}
	options.Environ = []string{"LECTERN_EVENT_FD2=3", "LECTERN_TESTS=1", "LECTERN_PROXY_PORT=8787"}
	_, err := Load(options)
	want := `LECTERN_EVENT_FD2: unknown setting; the nearest known name is LECTERN_AUDIT_DIR
LECTERN_TESTS: unknown setting; the nearest known name is LECTERN_DATA_DIR
LECTERN_PROXY_PORT: unknown setting; the nearest known name is LECTERN_PROXY_URL`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

func TestAPIKeyIsNeverShown(t *testing.T) {
	const text = "a-very-secret-value"
	environ := []string{"ANTHROPIC_API_KEY= " + text + "\n"}
	if got, err := Load(LoadOptions{Environ: environ}); err != nil || got.Proxy.APIKey != "" {
		t.Errorf("who does not ask for the key has it: %t, %v", got.Proxy.APIKey != "", err)
	}
	got, err := Load(LoadOptions{Environ: environ, APIKey: true})
	if err != nil {
		t.Fatal(err)
	}
	if got.Proxy.APIKey.Reveal() != text {
		t.Errorf("got %q", got.Proxy.APIKey.Reveal())
	}
	var printed strings.Builder
	if err := got.Write(&printed); err != nil {
		t.Fatal(err)
	}
	marshalled, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	shown := printed.String() + string(marshalled) + got.Proxy.APIKey.LogValue().String()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		shown += fmt.Sprintf(verb, got) + fmt.Sprintf(verb, &got.Proxy) + fmt.Sprintf(verb, got.Proxy.APIKey)
	}
	if strings.Contains(shown, text) || strings.Contains(shown, fmt.Sprintf("%x", text)) {
		t.Errorf("the key is shown in\n%s", shown)
	}
	if !strings.Contains(printed.String(), "# ANTHROPIC_API_KEY in the environment: (set)\n") {
		t.Errorf("the print does not say that the key is set:\n%s", &printed)
	}
	// The wrong name for it is refused without its value.
	for _, entry := range []string{"LECTERN_PROXY_API_KEY=" + text, "LECTERN_PROXY_-=" + text} {
		if _, err := Load(LoadOptions{Environ: []string{entry}}); err == nil || strings.Contains(err.Error(), text) {
			t.Errorf("%s: got %v", entry, err)
		}
	}
}

func TestFileByName(t *testing.T) {
	dir := t.TempDir()
	good, large := filepath.Join(dir, "good.yaml"), filepath.Join(dir, "large.yaml")
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(good, "data_dir: elsewhere\n")
	write(large, strings.Repeat("# comment\n", maxFileBytes/10+1))

	if got, err := Load(LoadOptions{File: good}); err != nil || got.DataDir != "elsewhere" {
		t.Errorf("got %q, %v", got.DataDir, err)
	}
	missing := filepath.Join(dir, "missing.yaml")
	_, err := Load(LoadOptions{File: missing})
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: got %v", err)
	}
	for name, want := range map[string]string{
		missing: "--config: open " + missing + ": no such file or directory; create the file or leave the flag away",
		dir:     "--config: read " + dir + ": is a directory",
		large:   "--config: " + large + " is larger than 64Ki; name a configuration file",
	} {
		if _, err := Load(LoadOptions{File: name}); err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}
