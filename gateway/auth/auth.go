// Package auth answers one question: who is this key. The answer comes from
// the public keys of GitHub accounts, from a file in OpenSSH's format, and
// from what it learned before; never from what a client says about itself.
//
// It knows logins and public keys, and nothing of sessions, courses or of how
// a signature is verified: its caller lets nobody in before the client has
// proved that it holds the key.
package auth

import (
	"log/slog"
	"net/http"
	"time"

	"golang.org/x/crypto/ssh"
)

// Via says where it was found whose a key is.
type Via string

// The places where keys are found.
const (
	// ViaGitHub: the key is one of the account's keys on GitHub.
	ViaGitHub Via = "github"
	// ViaAuthorizedKeys: the key is in the operator's file.
	ViaAuthorizedKeys Via = "authorized_keys"
	// ViaEnrolled: the key was enrolled, and GitHub still lists it.
	ViaEnrolled Via = "enrolled"
	// ViaLocal: the key is one of Options.ExtraKeys.
	ViaLocal Via = "local"
	// ViaPage: no key was found, a browser is signed in on the word of one.
	ViaPage Via = "page"
)

// Identity is whose a key is. It holds only once the client has proved, by a
// signature, that it has the private half.
type Identity struct {
	// Login is the learner's GitHub login, or the one that the operator gave
	// them, in lower case.
	Login string
	// Admin is whether the login is among Options.Admins, whatever name was
	// connected to.
	Admin bool
	Via   Via
	// Fingerprint of the key, as OpenSSH prints it: "SHA256:…".
	Fingerprint string
}

// ExtraKey is a key of somebody who needs no account: the person who runs the
// gateway on their laptop.
type ExtraKey struct {
	Login string
	Key   ssh.PublicKey
}

// Options say who may come in, and where keys are looked up.
type Options struct {
	// GitHubURL is where <login>.keys is fetched, such as https://github.com.
	// Empty: GitHub is not asked, and only the keys below count.
	GitHubURL string
	// Users are the GitHub logins that may come in; "*" is everybody with an
	// account. They bind neither AuthorizedKeysFile nor ExtraKeys, which are
	// the operator's own word: a login in one of these is no account on GitHub,
	// unless it is among the Users by name.
	Users []string
	// Admins are the logins that may administrate. They may always come in.
	Admins []string
	// AuthorizedKeysFile is a file in OpenSSH's format in which the comment of
	// a key is its login; empty for none. It is read again when it changes.
	AuthorizedKeysFile string
	// ExtraKeys are those of whoever runs the gateway for themselves: where
	// there are any, who is refused is told to connect as it said at its start.
	ExtraKeys []ExtraKey
	// SharedLogin and AdminLogin are the names that do not say who connects;
	// empty means "lab" and "admin".
	SharedLogin string
	AdminLogin  string
	// CacheFor is how long the keys of an account are used without asking
	// GitHub again; 0 means 10 minutes.
	CacheFor time.Duration
	// StaleFor is how long they are used while GitHub cannot be reached,
	// counted from its last answer; 0 means 168 hours.
	StaleFor time.Duration
	// CachePath is the bbolt file for keys and enrolments.
	CachePath string
	// MaxLogins is of how many learners the file keeps keys; 0 means 10,000.
	MaxLogins int
	// HTTPClient is used for GitHub, with a redirect policy and a timeout of
	// its own; nil means a new one.
	HTTPClient *http.Client
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Logger gets warnings for the operator; nil means none.
	Logger *slog.Logger
}

func (o *Options) setDefaults() {
	setDefault(&o.SharedLogin, "lab")
	setDefault(&o.AdminLogin, "admin")
	setDefault(&o.CacheFor, 10*time.Minute)
	setDefault(&o.StaleFor, 168*time.Hour)
	setDefault(&o.MaxLogins, 10_000)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
}

func setDefault[T comparable](value *T, fallback T) {
	var zero T
	if *value == zero {
		*value = fallback
	}
}
