// Package config holds the settings of Lectern: what they are called, what
// they are when nobody says otherwise, and where they come from. The order is
// defaults, one YAML file, the environment, flags; the later wins. Everything
// wrong is reported at once, with the file's line or the variable's or flag's
// name, so that a bad setting never gets past the start.
//
// The struct Config is the one list of settings. The file's keys, the
// variables, the flags, the printed configuration and docs/configuration.md
// all follow from its fields and their tags: yaml is the key's name, doc says
// what it means, oneof lists the words it may be.
//
// The package knows nothing of the rooms that use the settings, and reads no
// file but the one it is told to.
package config

import "time"

// Config is everything an operator can set. Load gives a checked one.
// Relative paths in it are relative to the working directory, wherever the
// file that names them lies.
type Config struct {
	DataDir   string    `yaml:"data_dir" doc:"folder of the database, the host key, the caches, the audit trail and the recordings"`
	SSH       SSH       `yaml:"ssh" doc:"the SSH front door"`
	Auth      Auth      `yaml:"auth" doc:"who may come in"`
	Courses   Courses   `yaml:"courses" doc:"what is taught"`
	Sandbox   Sandbox   `yaml:"sandbox" doc:"where learners work, and for how long"`
	Proxy     Proxy     `yaml:"proxy" doc:"the API proxy between the sandboxes and the model"`
	Web       Web       `yaml:"web" doc:"the browser page and its REST API"`
	Metrics   Metrics   `yaml:"metrics" doc:"metrics and health"`
	Progress  Progress  `yaml:"progress" doc:"what counts as a finished stage"`
	Audit     Audit     `yaml:"audit" doc:"the audit trail: who came in, and what became of their sessions"`
	Recording Recording `yaml:"recording" doc:"what learners see in their sandboxes, kept as files that asciinema plays"`
	Log       Log       `yaml:"log" doc:"what the server writes about itself, on standard error"`
}

// SSH is the front door.
type SSH struct {
	Listen                   string        `yaml:"listen" doc:"address of the SSH server, as host:port or :port"`
	HostKey                  string        `yaml:"host_key" doc:"file of the server's private key; left empty, ssh_host_ed25519_key in data_dir"`
	SharedLogin              string        `yaml:"shared_login" doc:"login that all learners share once their key is known"`
	AdminLogin               string        `yaml:"admin_login" doc:"login that opens the instructor's table"`
	MaxConnections           int           `yaml:"max_connections" doc:"most connections at once, and most sessions"`
	MaxConnectionsPerAddress int           `yaml:"max_connections_per_address" doc:"most connections at once from one IP address before they have signed in, and of one learner"`
	HandshakeTimeout         time.Duration `yaml:"handshake_timeout" doc:"time a client has to prove who it is"`
	Keepalive                time.Duration `yaml:"keepalive" doc:"time between two questions to a silent client whether it is still there"`
}

// Auth says who may come in, and how their keys are found.
type Auth struct {
	GitHubURL      string        `yaml:"github_url" doc:"site that publishes the learners' keys, as LOGIN.keys below this address"`
	Users          []string      `yaml:"users" doc:"logins of the learners; * is anyone with an account there"`
	Admins         []string      `yaml:"admins" doc:"logins of the instructors"`
	AuthorizedKeys string        `yaml:"authorized_keys" doc:"file of further keys, in OpenSSH's format with the login as comment; empty for none"`
	CacheFor       time.Duration `yaml:"cache_for" doc:"time that fetched keys are used without asking again"`
	StaleFor       time.Duration `yaml:"stale_for" doc:"time that the last known keys are used while the site cannot be reached"`
}

// Courses says what is taught.
type Courses struct {
	Unlock  string   `yaml:"unlock" doc:"how stages open: sequential (one after the other) or open (all at once)" oneof:"sequential open"`
	Sources []Source `yaml:"sources" doc:"each a path (a folder) or a url (a .tar.gz archive), with all courses below it"`
}

// Source is one place with courses: exactly one of its fields is set.
type Source struct {
	Path string `yaml:"path"`
	URL  string `yaml:"url"`
}

// Words for Courses.Unlock.
const (
	UnlockSequential = "sequential"
	UnlockOpen       = "open"
)

// Sandbox holds the rules that every backend follows, and what each one needs.
type Sandbox struct {
	Backend     string        `yaml:"backend" doc:"where sandboxes run: local (on this machine) or kubernetes (as Pods)" oneof:"local kubernetes"`
	Agent       string        `yaml:"agent" doc:"who teaches: claude, tutor (built in, no model) or auto (claude where its CLI and a key are)" oneof:"claude tutor auto"`
	MaxSessions int           `yaml:"max_sessions" doc:"most sandboxes at once; further learners wait in a queue"`
	MaxLife     time.Duration `yaml:"max_life" doc:"longest life of a sandbox"`
	Idle        time.Duration `yaml:"idle" doc:"time without a keystroke after which a sandbox ends"`
	Grace       time.Duration `yaml:"grace" doc:"time a sandbox waits for its learner after a dropped link"`
	Local       Local         `yaml:"local" doc:"sandboxes on this machine"`
	Kubernetes  Kubernetes    `yaml:"kubernetes" doc:"sandboxes as Pods"`
}

// Words for Sandbox.Backend and Sandbox.Agent.
const (
	BackendLocal      = "local"
	BackendKubernetes = "kubernetes"

	AgentClaude = "claude"
	AgentTutor  = "tutor"
	AgentAuto   = "auto"
)

// Local is what the local backend needs.
type Local struct {
	Isolation string `yaml:"isolation" doc:"what keeps a sandbox from this machine: bubblewrap, or none for trials" oneof:"bubblewrap none"`
	Memory    Bytes  `yaml:"memory" doc:"most memory of a sandbox"`
	Processes int    `yaml:"processes" doc:"most processes and threads of a sandbox"`
	Claude    string `yaml:"claude" doc:"program of Claude Code on this machine; empty for the claude of PATH"`
}

// Words for Local.Isolation.
const (
	IsolationBubblewrap = "bubblewrap"
	IsolationNone       = "none"
)

// Kubernetes is what the Pod backend needs.
type Kubernetes struct {
	Kubeconfig   string        `yaml:"kubeconfig" doc:"kubeconfig file; empty for the service account in a Pod and the usual places elsewhere"`
	Namespace    string        `yaml:"namespace" doc:"namespace of the Pods"`
	Image        string        `yaml:"image" doc:"image of the sandbox"`
	PullPolicy   string        `yaml:"pull_policy" doc:"when the image is pulled: Always, IfNotPresent or Never" oneof:"Always IfNotPresent Never"`
	PullSecrets  []string      `yaml:"pull_secrets" doc:"names of the Secrets with which the image is pulled"`
	StartTimeout time.Duration `yaml:"start_timeout" doc:"time a Pod may take until it is ready"`
	Storage      Storage       `yaml:"storage" doc:"where a learner's home is kept between sessions"`
	RuntimeClass string        `yaml:"runtime_class" doc:"RuntimeClass of the Pods, such as gvisor; empty for the cluster's own"`
	NodeSelector []string      `yaml:"node_selector" doc:"labels that a node must have, each as key=value"`
	Tolerations  []string      `yaml:"tolerations" doc:"taints that the Pods tolerate, each as key, key=value, key:Effect or key=value:Effect"`
	Requests     Resources     `yaml:"requests" doc:"what a Pod is promised"`
	Limits       Resources     `yaml:"limits" doc:"what a Pod may use at most"`
}

// Storage says where a learner's home is kept.
type Storage struct {
	Kind  string `yaml:"kind" doc:"none (lost with the Pod), pvc (a claim for each learner) or hostPath (a folder on the node)" oneof:"none pvc hostPath"`
	Class string `yaml:"class" doc:"StorageClass for pvc; empty for the cluster's default"`
	Size  Bytes  `yaml:"size" doc:"size of a claim for pvc"`
	Path  string `yaml:"path" doc:"folder on the node for hostPath, absolute; each learner gets a folder in it"`
}

// Words for Storage.Kind.
const (
	StorageNone     = "none"
	StoragePVC      = "pvc"
	StorageHostPath = "hostPath"
)

// Resources is an amount of computing.
type Resources struct {
	CPU    CPU   `yaml:"cpu" doc:"CPU cores, such as 2, 0.5 or 250m"`
	Memory Bytes `yaml:"memory" doc:"memory, such as 512Mi or 4Gi"`
}

// Proxy is the API proxy: what it does, and how it, the sandboxes and the
// gateway find and trust each other.
type Proxy struct {
	Listen     string `yaml:"listen" doc:"address of the proxy, as host:port or :port"`
	URL        string `yaml:"url" doc:"address under which Pods reach the proxy; the gateway looks its host up for them"`
	Upstream   string `yaml:"upstream" doc:"the model's API"`
	APIKeyFile string `yaml:"api_key_file" doc:"file with the API key; empty to take it from ANTHROPIC_API_KEY"`
	// APIKey is what ANTHROPIC_API_KEY holds, empty when it is not set or not
	// asked for (LoadOptions). It is in no file and no flag. APIKeyFile wins when
	// both are there.
	APIKey            Secret   `yaml:"-" env:"ANTHROPIC_API_KEY"`
	Models            []string `yaml:"models" doc:"models that sandboxes may ask for, the tutor's own first; empty for all"`
	Tools             []string `yaml:"tools" doc:"tools that the tutor may use"`
	RequestsPerMinute int      `yaml:"requests_per_minute" doc:"most requests a minute of one session"`
	Concurrency       int      `yaml:"concurrency" doc:"most requests at once of one session"`
	TokensPerDay      int      `yaml:"tokens_per_day" doc:"most tokens a day of one learner, without those read from the cache; 0 for no limit"`
	Tokens            Tokens   `yaml:"session_tokens" doc:"the keys of the tokens with which sandboxes ask the proxy; lectern keys makes a pair"`
	Events            Events   `yaml:"events" doc:"how a proxy of its own tells the gateway of completed stages and used tokens"`
}

// Tokens are the keys of session tokens.
type Tokens struct {
	PrivateKeyFile string `yaml:"private_key_file" doc:"file of the gateway's private key; empty for session_token_key.pem in data_dir"`
	PublicKeyFile  string `yaml:"public_key_file" doc:"file of the public half, which lectern proxy needs"`
}

// Events is the way from a proxy of its own to the gateway.
type Events struct {
	Listen     string `yaml:"listen" doc:"address at which the gateway takes events, as host:port or :port; empty for none"`
	URL        string `yaml:"url" doc:"address under which lectern proxy reaches that"`
	SecretFile string `yaml:"secret_file" doc:"file with the secret that both know and nobody else"`
}

// Web is the browser page.
type Web struct {
	Listen    string `yaml:"listen" doc:"address of the page, as host:port or :port"`
	PublicURL string `yaml:"public_url" doc:"address under which browsers reach the page, and links begin with; empty to follow web.listen"`
	Enabled   bool   `yaml:"enabled" doc:"whether there is a page at all"`
	// SignInFor is how long a browser stays signed in.
	SignInFor time.Duration `yaml:"sign_in_for" doc:"how long a browser stays signed in"`
	TLS       TLS           `yaml:"tls" doc:"the page's certificate, where no ingress in front of it has one"`
	SSHPort   Port          `yaml:"ssh_port" doc:"port of ssh in the command that the page shows; 0 for that of ssh.listen"`
	Origins   []string      `yaml:"origins" doc:"other front ends whose pages may use the API, each as https://host"`
	Proxies   []string      `yaml:"proxies" doc:"networks, as 10.42.0.0/16, of the ingress whose X-Forwarded-For is believed"`
}

// TLS names the files of a certificate.
type TLS struct {
	Certificate string `yaml:"certificate" doc:"PEM file with the certificate and those it hangs on; empty for plain HTTP"`
	Key         string `yaml:"key" doc:"PEM file with its key"`
}

// Metrics is the port for machines that watch.
type Metrics struct {
	Listen string `yaml:"listen" doc:"address of /metrics, /healthz and /readyz, as host:port or :port; empty for none"`
}

// Progress says which evidence counts beyond the usual.
type Progress struct {
	TrustTerminal bool `yaml:"trust_terminal" doc:"whether a marker in the terminal's output finishes a stage, though learners can forge it"`
}

// Audit is the audit trail.
type Audit struct {
	Dir       string        `yaml:"dir" doc:"folder of the audit trail; empty for audit in data_dir"`
	Keep      time.Duration `yaml:"keep" doc:"time that a day of the trail is kept"`
	OnFailure string        `yaml:"on_failure" doc:"while it cannot be written: continue, or refuse new sandboxes and all sign-ins but those of admins" oneof:"continue refuse"`
}

// Words for Audit.OnFailure.
const (
	AuditContinue = "continue"
	AuditRefuse   = "refuse"
)

// Recording is the recording of sessions.
type Recording struct {
	Enabled bool          `yaml:"enabled" doc:"whether sessions are recorded; learners are told when they are"`
	Dir     string        `yaml:"dir" doc:"folder of the recordings; empty for recordings in data_dir"`
	MaxSize Bytes         `yaml:"max_size" doc:"largest size of the recording of one session; it stops there, and the session goes on"`
	Keep    time.Duration `yaml:"keep" doc:"time that a recording is kept after the last look into its session"`
}

// Log is the server's own log.
type Log struct {
	Level  string `yaml:"level" doc:"least important lines to write: debug, info, warn or error" oneof:"debug info warn error"`
	Format string `yaml:"format" doc:"text for people or json for machines" oneof:"text json"`
}

// Words for Log.Format.
const (
	LogText = "text"
	LogJSON = "json"
)
