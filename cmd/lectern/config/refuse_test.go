package config

import (
	"strings"
	"testing"
)

// TestRefusals holds the exact sentence for everything that can be wrong.
func TestRefusals(t *testing.T) {
	for _, test := range []struct {
		name    string
		file    string
		environ []string
		args    []string
		want    string
	}{
		// YAML
		{name: "no YAML", file: "ssh:\n\tlisten: x\n", want: "lectern.yaml:2: this is no YAML: found character '\uFFFD' that cannot start any token"},
		{name: "no YAML, the rest is still read", file: "a: [1,\n", environ: []string{"LECTERN_SANDBOX_IDLE=9h", "LECTERN_LOG_LEVEL=x"},
			want: "lectern.yaml:1: this is no YAML: sequence end token ']' not found\nLECTERN_LOG_LEVEL: \"x\" is unknown; write debug, info, warn or error"},
		{name: "not a mapping", file: "- a\n", want: "lectern.yaml:1: a list stands where a section with keys belongs"},
		{name: "two documents", file: "log: {level: warn}\n---\nlog: {level: info}\n", want: "lectern.yaml:3: a second document begins here; put all settings into one"},
		{name: "question mark", file: "? log\n: {}\n", want: "lectern.yaml:1: a key with a question mark (not understood here) stands where the name of a key belongs"},
		{name: "a file of brackets", file: "log:\n " + strings.Repeat("[", 60000), want: "lectern.yaml:2: the settings are nested too deeply; no key is that deep"},
		{name: "a file of hyphens", file: strings.Repeat("- ", 30000), want: "lectern.yaml:1: the settings are nested too deeply; no key is that deep"},
		{name: "unknown key", file: "ssh:\n  listn: x\n", want: "lectern.yaml:2: ssh.listn: unknown key; the nearest known key is ssh.listen"},
		{name: "unknown section", file: "sandboxes: {}\n", want: "lectern.yaml:1: sandboxes: unknown key; the nearest known key is sandbox"},
		{name: "key in the wrong section", file: "ssh: {max_life: 2h}\n", want: "lectern.yaml:1: ssh.max_life: unknown key; the nearest known key is sandbox.max_life"},
		{name: "unknown key of a source", file: "courses:\n  sources:\n    - path: x\n      paht: y\n", want: "lectern.yaml:4: courses.sources[0].paht: unknown key; the nearest known key is courses.sources[0].path"},
		{name: "the API key in the file", file: "proxy: {api_key: sk-1}\n", want: "lectern.yaml:1: proxy.api_key: unknown key; the nearest known key is proxy.api_key_file"},
		{name: "the key that YAML leaves out", file: "proxy: {\"-\": sk-1}\n", want: "lectern.yaml:1: proxy.-: unknown key; the nearest known key is proxy"},
		{name: "joined key", file: "ssh.listen: x\n", want: "lectern.yaml:1: ssh.listen: is no key; write the section and the key in it, not both joined by a dot"},
		{name: "line break in a key", file: "\"a\\nb\": x\n", want: "lectern.yaml:1: a\uFFFDb: unknown key; the nearest known key is web"},
		{name: "number as key", file: "ssh: {1: x}\n", want: "lectern.yaml:1: ssh: a number stands where the name of a key belongs"},
		{name: "merge key", file: "<<: {a: b}\n", want: "lectern.yaml:1: an anchor or alias (not understood here) stands where the name of a key belongs"},
		{name: "key twice", file: "ssh:\n  listen: \":1\"\n  listen: \":2\"\n", want: "lectern.yaml:3: ssh.listen: is written twice; the first is in line 2"},
		{name: "section twice", file: "log: {level: warn}\nssh:\nlog: {level: info}\n", want: "lectern.yaml:3: log: is written twice; the first is in line 1"},
		{name: "value for a section", file: "ssh: 2222\n", want: "lectern.yaml:1: ssh: a number stands where a section with keys belongs"},
		{name: "section for a value", file: "ssh:\n  listen:\n    port: 1\n", want: "lectern.yaml:2: ssh.listen: a section stands where a single value belongs"},
		{name: "list for a value", file: "ssh: {listen: [a]}\n", want: "lectern.yaml:1: ssh.listen: a list stands where a single value belongs"},
		{name: "value for a list", file: "auth: {users: ann}\n", want: "lectern.yaml:1: auth.users: text stands where a list belongs; write it like [a, b]"},
		{name: "value for a source", file: "courses:\n  sources:\n    - courses\n", want: "lectern.yaml:3: courses.sources[0]: text stands where a section with keys belongs; write - path: and the folder, or - url: and the address"},
		{name: "number for a source", file: "courses: {sources: [1]}\n", want: "lectern.yaml:1: courses.sources[0]: a number stands where a section with keys belongs"},
		{name: "anchor", file: "log: {level: &x info}\n", want: "lectern.yaml:1: log.level: an anchor or alias (not understood here) stands where a single value belongs"},
		{name: "tag", file: "log: {level: !!str info}\n", want: "lectern.yaml:1: log.level: a tag (not understood here) stands where a single value belongs"},
		{name: "nothing", file: "log:\n  level:\n", want: "lectern.yaml:2: log.level: has no value; write one or remove the key"},
		{name: "number for text", file: "ssh: {shared_login: 123}\n", want: "lectern.yaml:1: ssh.shared_login: 123 is a number, not text; put it in quotes"},
		{name: "truth for text", file: "ssh: {shared_login: true}\n", want: "lectern.yaml:1: ssh.shared_login: true is a truth value, not text; put it in quotes"},
		{name: "number in a list", file: "auth:\n  users:\n    - ann\n    - 7\n", want: "lectern.yaml:4: auth.users[1]: 7 is a number, not text; put it in quotes"},
		{name: "text for a number", file: "sandbox: {max_sessions: \"4\"}\n", want: `lectern.yaml:1: sandbox.max_sessions: "4" is text; remove the quotes`},
		{name: "text for a truth value", file: "web: {enabled: 'true'}\n", want: `lectern.yaml:1: web.enabled: "true" is text; remove the quotes`},
		{name: "several lines", file: "data_dir: |\n  a\n  b\n", want: `lectern.yaml:1: data_dir: "a\nb\n" holds line breaks or other characters that cannot be printed; remove them`},

		// Values, the same from every layer
		{name: "duration", file: "sandbox:\n  idle: 30 minutes\n", want: `lectern.yaml:2: sandbox.idle: "30 minutes" is no duration; write it like 30m or 1h30m`},
		{name: "duration without a unit", file: "sandbox: {idle: 30}\n", want: `lectern.yaml:1: sandbox.idle: "30" is no duration; write it like 30m or 1h30m`},
		{name: "duration from a variable", environ: []string{"LECTERN_SANDBOX_IDLE=7d"}, want: `LECTERN_SANDBOX_IDLE: "7d" is no duration; write it like 30m or 1h30m`},
		{name: "duration from a flag", args: []string{"--sandbox.idle="}, want: `--sandbox.idle: "" is no duration; write it like 30m or 1h30m`},
		{name: "whole number", file: "sandbox: {max_sessions: 4.5}\n", want: `lectern.yaml:1: sandbox.max_sessions: "4.5" is no whole number; write it like 4`},
		{name: "octal number", environ: []string{"LECTERN_SANDBOX_MAX_SESSIONS=010"}, want: `LECTERN_SANDBOX_MAX_SESSIONS: "010" is no whole number; write it like 4`},
		{name: "huge number", args: []string{"--proxy.concurrency=99999999999999999999"}, want: `--proxy.concurrency: 99999999999999999999 is too large`},
		{name: "truth value", file: "web: {enabled: yes}\n", want: `lectern.yaml:1: web.enabled: "yes" is neither true nor false`},
		{name: "size", file: "sandbox: {local: {memory: 4GB}}\n", want: `lectern.yaml:1: sandbox.local.memory: "4GB" is no size; write it like 512Mi or 4Gi`},
		{name: "CPU", file: "sandbox: {kubernetes: {limits: {cpu: two}}}\n", want: `lectern.yaml:1: sandbox.kubernetes.limits.cpu: "two" is no amount of CPU; write it like 2, 0.5 or 250m`},
		{name: "list", environ: []string{"LECTERN_AUTH_USERS=a,,b"}, want: `LECTERN_AUTH_USERS: "a,,b" has an empty item; write a list like a,b`},
		{name: "sources", args: []string{"--courses.sources=a,"}, want: `--courses.sources: "a," has an empty item; write a list like a,b`},
		{name: "word", file: "courses: {unlock: never}\n", want: `lectern.yaml:1: courses.unlock: "never" is unknown; write sequential or open`},
		{name: "backend", file: "sandbox: {backend: docker}\n", want: `lectern.yaml:1: sandbox.backend: "docker" is unknown; write local or kubernetes`},
		{name: "agent", file: "sandbox: {agent: Claude}\n", want: `lectern.yaml:1: sandbox.agent: "Claude" is unknown; write claude, tutor or auto`},
		{name: "isolation", args: []string{"--sandbox.local.isolation=docker"}, want: `--sandbox.local.isolation: "docker" is unknown; write bubblewrap or none`},
		{name: "storage kind", file: "sandbox: {kubernetes: {storage: {kind: nfs}}}\n", want: `lectern.yaml:1: sandbox.kubernetes.storage.kind: "nfs" is unknown; write none, pvc or hostPath`},
		{name: "pull policy", file: "sandbox: {kubernetes: {pull_policy: always}}\n", want: `lectern.yaml:1: sandbox.kubernetes.pull_policy: "always" is unknown; write Always, IfNotPresent or Never`},
		{name: "log format", file: "log: {format: xml}\n", want: `lectern.yaml:1: log.format: "xml" is unknown; write text or json`},

		// Values that cannot be
		{name: "no data directory", file: "data_dir: \"\"\n", want: `lectern.yaml:1: data_dir: is empty; name a folder`},
		{name: "address", file: "ssh: {listen: \"2222\"}\n", want: `lectern.yaml:1: ssh.listen: "2222" is no address to listen on; write it like :2222 or 127.0.0.1:2222`},
		{name: "port too large", environ: []string{"LECTERN_WEB_LISTEN=:65536"}, want: `LECTERN_WEB_LISTEN: ":65536" is no address to listen on; write it like :8080 or 127.0.0.1:8080`},
		{name: "port by name", args: []string{"--proxy.listen=:http"}, want: `--proxy.listen: ":http" is no address to listen on; write it like :8787 or 127.0.0.1:8787`},
		{name: "host", file: "metrics: {listen: \"a b:1\"}\n", want: `lectern.yaml:1: metrics.listen: "a b:1" is no address to listen on; write it like :9090 or 127.0.0.1:9090`},
		{name: "shared login", file: "ssh: {shared_login: \"-x\"}\n", want: `lectern.yaml:1: ssh.shared_login: "-x" is no login name; use up to 39 letters, digits, hyphens and underscores`},
		{name: "admin login", file: "ssh: {admin_login: \"\"}\n", want: `lectern.yaml:1: ssh.admin_login: "" is no login name; use up to 39 letters, digits, hyphens and underscores`},
		{name: "no connections", file: "ssh: {max_connections_per_address: 0}\n", want: `lectern.yaml:1: ssh.max_connections_per_address: 0 is too small; it must be at least 1`},
		{name: "no time", file: "ssh: {handshake_timeout: 0s}\n", want: `lectern.yaml:1: ssh.handshake_timeout: 0s is too short; it must be more than zero`},
		{name: "negative time", file: "ssh: {keepalive: -1m}\n", want: `lectern.yaml:1: ssh.keepalive: -1m is too short; it must be more than zero`},
		{name: "GitHub", file: "auth: {github_url: github.com}\n", want: `lectern.yaml:1: auth.github_url: "github.com" is no address of the web; write it like https://example.org`},
		{name: "public address with a path", file: "web: {public_url: \"https://h/lab\"}\n", want: `lectern.yaml:1: web.public_url: "https://h/lab" has a path, which is not used here; write it like https://lab.example.org`},
		{name: "link for the public address", file: "web: {public_url: \"https://h/#code\"}\n", want: `lectern.yaml:1: web.public_url: "https://h/" has a ? or # part behind it, which is not used here; remove it`},
		{name: "public address beyond ASCII", file: "web: {public_url: \"http://löcal:8080\"}\n", want: `lectern.yaml:1: web.public_url: "http://löcal:8080" has a host that browsers write as xn--lcal-5qa; write it so`},
		{name: "public address that is no name", file: "web: {public_url: \"http://a\u200db\"}\n", want: `lectern.yaml:1: web.public_url: "http://a\u200db" has a host that is no name; write it like https://lab.example.org`},
		{name: "public address at no port", file: "web: {public_url: \"http://localhost:0\"}\n", want: `lectern.yaml:1: web.public_url: "http://localhost:0" has no port that browsers can reach; write a number from 1 to 65535 behind the colon`},
		{name: "public address at too large a port", file: "web: {public_url: \"http://[::1]:65536\"}\n", want: `lectern.yaml:1: web.public_url: "http://[::1]:65536" has no port that browsers can reach; write a number from 1 to 65535 behind the colon`},
		{name: "public address at a port of another spelling", file: "web: {public_url: \"http://h:080\"}\n", want: `lectern.yaml:1: web.public_url: "http://h:080" has no port that browsers can reach; write a number from 1 to 65535 behind the colon`},
		{name: "public address with a colon alone", file: "web: {public_url: \"http://h:\"}\n", want: `lectern.yaml:1: web.public_url: "http://h:" has no port that browsers can reach; write a number from 1 to 65535 behind the colon`},
		{name: "page at any port", args: []string{"--web.listen=127.0.0.1:0"}, want: `--web.listen: "127.0.0.1:0" is any free port, which no browser can know; write a port, or the page's address as web.public_url`},
		{name: "page at an address of one link", args: []string{"--web.listen=[fe80::1%eth0]:8080"}, want: `--web.listen: "[fe80::1%eth0]:8080" is an address that browsers cannot write; write the one that they reach the page by as web.public_url`},
		{name: "certificate for plain HTTP", file: "web:\n  public_url: http://lab.example\n  tls: {certificate: c, key: k}\n", want: `lectern.yaml:3: web.tls.certificate: has the page speak https, and web.public_url is http://lab.example; write that with https and a host of the certificate`},
		{name: "certificate without an address", args: []string{"--web.tls.certificate=c", "--web.tls.key=k", "--web.listen=:8443"}, want: `--web.tls.certificate: has the page speak https, and web.public_url is http://localhost:8443; write that with https and a host of the certificate`},
		{name: "port of ssh", file: "web: {ssh_port: 65536}\n", want: `lectern.yaml:1: web.ssh_port: "65536" is no port; write a number up to 65535, like 2222`},
		{name: "port below none", file: "web: {ssh_port: -1}\n", want: `lectern.yaml:1: web.ssh_port: "-1" is no port; write a number up to 65535, like 2222`},
		{name: "port that is a word", environ: []string{"LECTERN_WEB_SSH_PORT=abc"}, want: `LECTERN_WEB_SSH_PORT: "abc" is no port; write a number up to 65535, like 2222`},
		{name: "text for a port", file: "web: {ssh_port: \"2222\"}\n", want: `lectern.yaml:1: web.ssh_port: "2222" is text; remove the quotes`},
		{name: "origin", file: "web: {origins: [\"https://h\", \"h\"]}\n", want: `lectern.yaml:1: web.origins[1]: "h" is no address of the web; write it like https://lab.example.org`},
		{name: "network of proxies", file: "web: {proxies: [10.0.0.1]}\n", want: `lectern.yaml:1: web.proxies[0]: "10.0.0.1" is no network; write it like 10.42.0.0/16`},
		{name: "certificate without its key", file: "web: {tls: {certificate: c}}\n", want: `lectern.yaml:1: web.tls.certificate: is of no use alone; write the other file as web.tls.key`},
		{name: "login of a learner", file: "auth:\n  users:\n    - ann\n    - b b\n", want: `lectern.yaml:4: auth.users[1]: "b b" is no login name; use up to 39 letters, digits, hyphens and underscores`},
		{name: "login of a learner from a variable", environ: []string{"LECTERN_AUTH_USERS=ann,b b"}, want: `LECTERN_AUTH_USERS: "b b" is no login name; use up to 39 letters, digits, hyphens and underscores`},
		{name: "learner with the shared login", file: "auth: {users: [Lab]}\n", want: `lectern.yaml:1: auth.users[0]: "Lab" is the shared or the admin login and cannot be a person's; remove it or rename that login`},
		{name: "everyone an instructor", file: "auth: {admins: [\"*\"]}\n", want: `lectern.yaml:1: auth.admins[0]: * would make everyone an instructor; name the logins`},
		{name: "no sources", file: "courses: {sources: []}\n", want: `lectern.yaml:1: courses.sources: names no course; write a path or a url`},
		{name: "empty source", file: "courses:\n  sources:\n    - path: \"\"\n", want: `lectern.yaml:3: courses.sources[0]: needs a path or a url`},
		{name: "source with both", file: "courses:\n  sources:\n    - path: a\n    - path: a\n      url: b\n", want: `lectern.yaml:4: courses.sources[1]: has a path and a url; write two sources`},
		{name: "source without TLS", environ: []string{"LECTERN_COURSES_SOURCES=http://h.example/x.tar.gz"}, want: `LECTERN_COURSES_SOURCES: "http://h.example/x.tar.gz" is not fetched over plain http; write https`},
		{name: "source of another scheme", environ: []string{"LECTERN_COURSES_SOURCES=ssh://h.example/x.tar.gz"}, want: `LECTERN_COURSES_SOURCES: "ssh://h.example/x.tar.gz" is no address of the web; write it like https://github.com/OWNER/REPO/archive/refs/heads/main.tar.gz`},
		{name: "source that is no archive", environ: []string{"LECTERN_COURSES_SOURCES=https://h.example/x.zip"}, want: `LECTERN_COURSES_SOURCES: "https://h.example/x.zip" is no .tar.gz or .tgz archive; write it like https://github.com/OWNER/REPO/archive/refs/heads/main.tar.gz`},
		{name: "source with a password", environ: []string{"LECTERN_COURSES_SOURCES=https://u:p@h.example/x.tgz"}, want: `LECTERN_COURSES_SOURCES: holds a user name or password, which a setting must not; remove it`},
		{name: "source with a query", environ: []string{"LECTERN_COURSES_SOURCES=https://h.example/x.tgz?token=p"}, want: `LECTERN_COURSES_SOURCES: "https://h.example/x.tgz" has a ? or # part behind it, which is not used here; remove it`},
		{name: "no sessions", file: "sandbox: {max_sessions: 0}\n", want: `lectern.yaml:1: sandbox.max_sessions: 0 is too small; it must be at least 1`},
		{name: "no grace", file: "sandbox: {grace: 0}\n", want: `lectern.yaml:1: sandbox.grace: 0s is too short; it must be more than zero`},
		{name: "trail of an hour", file: "audit: {keep: 1h}\n", want: `lectern.yaml:1: audit.keep: 1h is too short; it must be at least 24h`},
		{name: "recordings of no time", file: "recording: {keep: 0}\n", want: `lectern.yaml:1: recording.keep: 0s is too short; it must be at least 24h`},
		{name: "recordings of no size", file: "recording: {max_size: 64}\n", want: `lectern.yaml:1: recording.max_size: 64 is too small; it must be at least 64Ki`},
		{name: "trail that fails otherwise", file: "audit: {on_failure: stop}\n", want: `lectern.yaml:1: audit.on_failure: "stop" is unknown; write continue or refuse`},
		{name: "forgotten unit", file: "sandbox: {local: {memory: 4}}\n", want: `lectern.yaml:1: sandbox.local.memory: 4 is too small; it must be at least 16Mi`},
		{name: "no processes", file: "sandbox: {local: {processes: 0}}\n", want: `lectern.yaml:1: sandbox.local.processes: 0 is too small; it must be at least 1`},
		{name: "namespace", file: "sandbox: {kubernetes: {namespace: My_NS}}\n", want: `lectern.yaml:1: sandbox.kubernetes.namespace: "My_NS" is no namespace; write lower-case letters, digits and hyphens`},
		{name: "image", file: "sandbox: {kubernetes: {image: \"\"}}\n", want: `lectern.yaml:1: sandbox.kubernetes.image: "" is no image; write it like registry/name:tag`},
		{name: "runtime class", file: "sandbox: {kubernetes: {runtime_class: g visor}}\n", want: `lectern.yaml:1: sandbox.kubernetes.runtime_class: "g visor" is no RuntimeClass; write its name, such as gvisor`},
		{name: "node selector", file: "sandbox: {kubernetes: {node_selector: [ssd]}}\n", want: `lectern.yaml:1: sandbox.kubernetes.node_selector[0]: "ssd" is no label; write it like disk=ssd`},
		{name: "toleration", file: "sandbox: {kubernetes: {tolerations: [\"gpu:Never\"]}}\n", want: `lectern.yaml:1: sandbox.kubernetes.tolerations[0]: "gpu:Never" is no toleration; write it like gpu=true:NoSchedule`},
		{name: "storage class", file: "sandbox: {kubernetes: {storage: {kind: pvc, class: A}}}\n", want: `lectern.yaml:1: sandbox.kubernetes.storage.class: "A" is no StorageClass; write its name, or nothing for the cluster's default`},
		{name: "storage path", file: "sandbox: {kubernetes: {storage: {kind: hostPath, path: data}}}\n", want: `lectern.yaml:1: sandbox.kubernetes.storage.path: "data" is no absolute path; begin it with /`},
		{name: "no CPU", file: "sandbox: {kubernetes: {requests: {cpu: 0m}}}\n", want: `lectern.yaml:1: sandbox.kubernetes.requests.cpu: 0m is too small; it must be more than zero`},
		{name: "upstream", file: "proxy: {upstream: \"https://\"}\n", want: `lectern.yaml:1: proxy.upstream: "https://" is no address of the web; write it like https://example.org`},
		{name: "model", file: "proxy: {models: [\"a b\"]}\n", want: `lectern.yaml:1: proxy.models[0]: "a b" is no model's name`},
		{name: "tool", file: "proxy: {tools: [Read, \"Bash(*)\"]}\n", want: `lectern.yaml:1: proxy.tools[1]: "Bash(*)" is no tool's name; write it like Read`},
		{name: "requests", file: "proxy: {requests_per_minute: 0}\n", want: `lectern.yaml:1: proxy.requests_per_minute: 0 is too small; it must be at least 1`},
		{name: "events without a secret", file: "proxy: {events: {listen: \":8081\"}}\n", want: `lectern.yaml:1: proxy.events.listen: needs a secret, or anybody could report a stage as finished; write its file as proxy.events.secret_file`},
		{name: "tokens", file: "proxy: {tokens_per_day: -1}\n", want: `lectern.yaml:1: proxy.tokens_per_day: -1 is too small; it must be at least 0`},
		{name: "public address", file: "web: {public_url: \"ftp://h\"}\n", want: `lectern.yaml:1: web.public_url: "ftp://h" is no address of the web; write it like https://lab.example.org`},

		// Values that do not fit each other
		{name: "one login for both", file: "ssh:\n  shared_login: Admin\n", want: `lectern.yaml:2: ssh.shared_login: "admin" is both the shared login and the admin login; choose two`},
		{name: "idle beyond life", file: "sandbox:\n  max_life: 1h\n  idle: 90m\n", want: `lectern.yaml:3: sandbox.idle: 1h30m is more than sandbox.max_life, which is 1h; lower it or raise that`},
		{name: "life below the default idle", file: "sandbox:\n  max_life: 20m\n", want: `lectern.yaml:2: sandbox.max_life: 20m is less than sandbox.idle, which is 30m; raise it or lower that`},
		{name: "blame the later layer", file: "sandbox: {idle: 90m}\n", environ: []string{"LECTERN_SANDBOX_MAX_LIFE=1h"}, want: `LECTERN_SANDBOX_MAX_LIFE: 1h is less than sandbox.idle, which is 1h30m; raise it or lower that`},
		{name: "cache beyond stale", args: []string{"--auth.cache_for=200h"}, want: `--auth.cache_for: 200h is more than auth.stale_for, which is 168h; lower it or raise that`},
		{name: "connections of one address", file: "ssh: {max_connections: 10}\n", want: `lectern.yaml:1: ssh.max_connections: 10 is less than ssh.max_connections_per_address, which is 20; raise it or lower that`},
		{name: "CPU requests beyond limits", file: "sandbox: {kubernetes: {requests: {cpu: 2500m}}}\n", want: `lectern.yaml:1: sandbox.kubernetes.requests.cpu: 2500m is more than sandbox.kubernetes.limits.cpu, which is 2; lower it or raise that`},
		{name: "memory limits below requests", file: "sandbox: {kubernetes: {limits: {memory: 256Mi}}}\n", want: `lectern.yaml:1: sandbox.kubernetes.limits.memory: 256Mi is less than sandbox.kubernetes.requests.memory, which is 512Mi; raise it or lower that`},
		{name: "hostPath without a folder", file: "sandbox: {kubernetes: {storage: {kind: hostPath}}}\n", want: `lectern.yaml:1: sandbox.kubernetes.storage.kind: hostPath needs a folder; write it as sandbox.kubernetes.storage.path`},
		{name: "folder without hostPath", file: "sandbox: {kubernetes: {storage: {path: /srv}}}\n", want: `lectern.yaml:1: sandbox.kubernetes.storage.path: is for sandbox.kubernetes.storage.kind hostPath only, and that is none; remove it or change that`},
		{name: "class without pvc", file: "sandbox: {kubernetes: {storage: {class: fast}}}\n", want: `lectern.yaml:1: sandbox.kubernetes.storage.class: is for sandbox.kubernetes.storage.kind pvc only, and that is none; remove it or change that`},
		{name: "one port for two", file: "web: {listen: \"127.0.0.1:2222\"}\n", want: `lectern.yaml:1: web.listen: "127.0.0.1:2222" is taken by ssh.listen; choose another port`},

		// Order
		{name: "all at once, in order", file: "log:\n  level: x\nsandbox:\n  grace: 0s\n  idle: soon\n  max_life: 1m\nnew: 1\n",
			environ: []string{"LECTERN_NEW=1", "LECTERN_SSH_LISTEN=x"}, args: []string{"--web.enabled=1"},
			want: `lectern.yaml:2: log.level: "x" is unknown; write debug, info, warn or error
lectern.yaml:4: sandbox.grace: 0s is too short; it must be more than zero
lectern.yaml:5: sandbox.idle: "soon" is no duration; write it like 30m or 1h30m
lectern.yaml:7: new: unknown key; the nearest known key is web
LECTERN_NEW: unknown setting; the nearest known name is LECTERN_DATA_DIR
LECTERN_SSH_LISTEN: "x" is no address to listen on; write it like :2222 or 127.0.0.1:2222
--web.enabled: "1" is neither true nor false`},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := loadText(t, test.file, test.environ, test.args)
			if err == nil {
				t.Fatalf("got no error; want\n%s", test.want)
			}
			if err.Error() != test.want {
				t.Errorf("got\n%v\nwant\n%s", err, test.want)
			}
			if got.DataDir != "" {
				t.Errorf("got a configuration beside the error: %+v", got)
			}
		})
	}
}

// TestAccepted guards against refusing what is fine.
func TestAccepted(t *testing.T) {
	for _, file := range []string{
		"%YAML 1.2\n---\nlog: {level: warn}\n",
		"ssh: {listen: \"[::1]:0\"}\nmetrics: {listen: \"[::1]:0\"}\n",
		"web: {enabled: false, listen: \":2222\"}\n",
		"proxy: {listen: \":8080\"}\n",
		"web: {enabled: false, listen: \":0\", tls: {certificate: c, key: k}}\n",
		"web: {listen: \":0\", public_url: \"https://lab.example/\", origins: [\"http://[::1]:3000/\", \"https://xn--lcal-5qa\"]}\n",
		"web: {public_url: \"HTTPS://lab.example:443\", tls: {certificate: c, key: k}}\n",
		"metrics: {listen: \"127.0.0.2:8080\"}\nweb: {listen: \"127.0.0.1:8080\"}\n",
		"courses: {sources: [{url: \"http://127.0.0.1:80/x.tgz\"}, {url: \"http://localhost/x.tar.gz\"}, {path: ../x}]}\n",
		"auth: {users: [], admins: [a_b, C-d]}\n",
		"sandbox: {idle: 2h, max_life: 2h}\nauth: {cache_for: 1h, stale_for: 1h}\n",
		"sandbox: {kubernetes: {requests: {cpu: 2, memory: 4Gi}}}\n",
		"sandbox: {kubernetes: {storage: {kind: hostPath, path: /srv/lectern}}}\r\n",
		"log:\n  level: \"warn\"   # quoted\n",
	} {
		if _, err := loadText(t, file, nil, nil); err != nil {
			t.Errorf("%q: %v", file, err)
		}
	}
}
