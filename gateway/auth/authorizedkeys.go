package auth

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"
)

const (
	largestKeyFile = 4 << 20
	// settleTime is how long after a change a file is read at every look: a
	// second change within the clock's tick would leave no other trace.
	settleTime = 2 * time.Second
)

// authorizedKeys is the content of a file in OpenSSH's format.
type authorizedKeys struct {
	// owners has the logins of a key, in the order of the file.
	owners map[fingerprint][]string
	logins map[string]bool
	// warnings are about lines that are not used, or not as they say.
	warnings []string
}

func (k *authorizedKeys) holds(login string, print fingerprint) bool {
	return slices.Contains(k.owners[print], login)
}

func (k *authorizedKeys) knows(login string) bool { return k.logins[login] }

// owner is the login of the key's first line.
func (k *authorizedKeys) owner(print fingerprint) (string, bool) {
	if owners := k.owners[print]; len(owners) > 0 {
		return owners[0], true
	}
	return "", false
}

// harmlessOptions take away, or give, what a session here never has, so a key
// may be used although they are passed over. Any other option says who may use
// the key, when, or for what, and passing over it would let in too many.
var harmlessOptions = []string{
	"restrict", "agent-forwarding", "no-agent-forwarding", "port-forwarding", "no-port-forwarding",
	"pty", "no-pty", "user-rc", "no-user-rc", "x11-forwarding", "no-x11-forwarding",
	"no-touch-required", "environment", "permitlisten", "permitopen", "tunnel",
}

// parseAuthorizedKeys reads such a file. What cannot be used of it is in the
// warnings.
func parseAuthorizedKeys(content []byte) *authorizedKeys {
	k := &authorizedKeys{owners: map[fingerprint][]string{}, logins: map[string]bool{}}
	number := 0
	for line := range bytes.Lines(content) {
		number++
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		login, print, err := parseAuthorizedKey(line)
		if err != nil {
			k.warnings = append(k.warnings, fmt.Sprintf("line %d is not used: %v", number, err))
			continue
		}
		if owners := k.owners[print]; len(owners) > 0 && !slices.Contains(owners, login) {
			k.warnings = append(k.warnings, fmt.Sprintf("line %d gives the key of %s to %s too: under the shared login it means %s", number, owners[0], login, owners[0]))
		}
		k.logins[login] = true
		if !k.holds(login, print) {
			k.owners[print] = append(k.owners[print], login)
		}
	}
	return k
}

func parseAuthorizedKey(line []byte) (login string, print fingerprint, err error) {
	key, comment, options, _, err := ssh.ParseAuthorizedKey(line)
	if err != nil {
		return "", print, errors.New("it is no public key")
	}
	for _, option := range options {
		name, _, _ := strings.Cut(option, "=")
		if !slices.Contains(harmlessOptions, strings.ToLower(name)) {
			return "", print, fmt.Errorf("the option %.40q cannot be kept here, remove it or the line", name)
		}
	}
	if err := checkSound(key); err != nil {
		return "", print, err
	}
	name, _, _ := strings.Cut(strings.TrimSpace(comment), " ")
	login, err = ParseLogin(name)
	if err != nil {
		return "", print, fmt.Errorf("the comment must be a login: %w", err)
	}
	return login, fingerprintOf(key), nil
}

// authorizedFile is the file that is read again whenever it changes.
type authorizedFile struct {
	path string
	log  *slog.Logger
	last atomic.Pointer[reading]
}

// reading is one look at the file. info is nil while it cannot be read.
type reading struct {
	info os.FileInfo
	at   time.Time
	keys *authorizedKeys
	err  string
}

func openAuthorizedFile(path string, log *slog.Logger) (*authorizedFile, error) {
	f := &authorizedFile{path: path, log: log}
	first, err := f.read()
	if err != nil {
		return nil, fmt.Errorf("read the authorized keys: %w", err)
	}
	f.warn(first.keys.warnings)
	f.last.Store(first)
	return f, nil
}

// current is what the file says now. A file that is gone holds no keys, but its
// logins stay the operator's: it may be about to be written anew. While one is
// there that cannot be read, its last content counts.
func (f *authorizedFile) current() *authorizedKeys {
	last := f.last.Load()
	if info, err := os.Stat(f.path); err == nil && last.isOf(info) {
		return last.keys
	}
	next, err := f.read()
	if err != nil {
		next = &reading{keys: last.keys, err: err.Error()}
		if errors.Is(err, fs.ErrNotExist) {
			next.keys = &authorizedKeys{logins: last.keys.logins}
		}
		if next.err != last.err {
			f.log.Error("the file of authorized keys cannot be read, make it readable again", "file", f.path, "error", err)
		}
	} else if !slices.Equal(next.keys.warnings, last.keys.warnings) {
		f.warn(next.keys.warnings)
	}
	f.last.Store(next)
	return next.keys
}

// isOf is whether the reading is of the file as info describes it.
func (r *reading) isOf(info os.FileInfo) bool {
	return r.info != nil && os.SameFile(r.info, info) &&
		r.info.Size() == info.Size() && r.info.ModTime().Equal(info.ModTime()) &&
		r.at.Sub(info.ModTime()).Abs() > settleTime
}

func (f *authorizedFile) read() (*reading, error) {
	at := time.Now()
	// A pipe would block the open.
	if info, err := os.Stat(f.path); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", f.path)
	}
	file, err := os.Open(f.path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(io.LimitReader(file, largestKeyFile+1))
	if err != nil {
		return nil, err
	}
	if len(content) > largestKeyFile {
		return nil, fmt.Errorf("%s is larger than %d bytes", f.path, largestKeyFile)
	}
	return &reading{info: info, at: at, keys: parseAuthorizedKeys(content)}, nil
}

func (f *authorizedFile) warn(warnings []string) {
	for _, warning := range warnings {
		f.log.Warn("authorized keys: "+warning, "file", f.path)
	}
}
