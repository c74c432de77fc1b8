package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/ssh"
)

// Identify says whose key is offered by a client that connects as user. It is
// called for every key that a client offers, before the client has proved to
// have it, and so leaves nothing behind but fetched key lists. It may wait
// some seconds for GitHub. The error is a *Denied with a sentence for the
// learner, or that of ctx.
func (d *Directory) Identify(ctx context.Context, user string, key ssh.PublicKey) (Identity, error) {
	if err := checkSound(key); err != nil {
		return Identity{}, deniedBadKey(err)
	}
	print := fingerprintOf(key)
	name := strings.ToLower(user)
	if name != d.shared && name != d.admin {
		login, err := ParseLogin(user)
		if err != nil {
			return Identity{}, deniedBadLogin(err)
		}
		return d.claimed(ctx, login, print)
	}
	id, err := d.owner(ctx, print)
	if err != nil {
		return Identity{}, err
	}
	if name == d.admin && !id.Admin {
		return Identity{}, deniedNotAdmin(id.Login, d.shared)
	}
	return id, nil
}

// claimed checks that the key belongs to the login that is claimed.
func (d *Directory) claimed(ctx context.Context, login string, print fingerprint) (Identity, error) {
	if d.extra[print] == login {
		return d.identity(login, ViaLocal, print), nil
	}
	if d.authorizedKeys().holds(login, print) {
		return d.identity(login, ViaAuthorizedKeys, print), nil
	}
	switch {
	case d.roster == nil:
		return Identity{}, deniedUnknownHere(print)
	case !d.isAccount(login):
		return Identity{}, deniedUnknownHere(print)
	case !d.allowed(login):
		return Identity{}, deniedLogin(login)
	}
	if err := d.roster.find(ctx, login, print); err != nil {
		return Identity{}, err
	}
	return d.identity(login, ViaGitHub, print), nil
}

// owner finds out whose the key is.
func (d *Directory) owner(ctx context.Context, print fingerprint) (Identity, error) {
	if login, ok := d.extra[print]; ok {
		return d.identity(login, ViaLocal, print), nil
	}
	if login, ok := d.authorizedKeys().owner(print); ok {
		return d.identity(login, ViaAuthorizedKeys, print), nil
	}
	if d.roster == nil {
		return Identity{}, d.unknown(print)
	}
	enrolledAs, err := d.enrolled(ctx, print)
	if err == nil && enrolledAs != "" {
		return d.identity(enrolledAs, ViaEnrolled, print), nil
	}
	var denied *Denied
	if err != nil && (!errors.As(err, &denied) || denied.mayPass()) {
		return Identity{}, err
	}
	// The key is not, or no longer, enrolled. It may be a listed learner's.
	if d.listed != nil {
		login, listedErr := d.listed.find(ctx, print)
		if login != "" {
			return d.identity(login, ViaGitHub, print), nil
		}
		if listedErr != nil {
			return Identity{}, listedErr
		}
	}
	if err != nil {
		return Identity{}, err
	}
	return Identity{}, d.unknown(print)
}

// unknown says what whoever has the key can do, by how this gateway knows keys.
func (d *Directory) unknown(print fingerprint) error {
	switch {
	case len(d.extra) > 0:
		return deniedUnknownToOwner(print)
	case d.roster == nil || d.closed():
		return deniedUnknownHere(print)
	}
	return deniedUnknownKey(d.shared, print)
}

// NoKey says the same, as a *Denied, to somebody whose client offers no key.
func (d *Directory) NoKey() error {
	const none = "Your client offered no key. "
	switch {
	case len(d.extra) > 0:
		return &Denied{NoKey, none + asPrinted, nil}
	case d.roster == nil || d.closed():
		return &Denied{NoKey, none + "Make one with ssh-keygen -t ed25519, and ask the person who runs this gateway to add it.", nil}
	}
	return &Denied{NoKey, none + "Make one with ssh-keygen -t ed25519, add it to your GitHub account " +
		"(Settings, SSH and GPG keys), and connect again as <github-login>@ with it.", nil}
}

// enrolled looks the key up among the enrolled ones. An enrolment holds only
// as long as GitHub lists the key and the login may come in.
func (d *Directory) enrolled(ctx context.Context, print fingerprint) (login string, err error) {
	login, err = d.memory.owner(print)
	if err != nil {
		d.log.Error("the key cache cannot be read, enrolled keys are unknown until it is repaired", "error", err)
		return "", nil
	}
	if login == "" {
		return "", nil
	}
	switch {
	case !d.isAccount(login):
		return "", deniedUnknownHere(print)
	case !d.allowed(login):
		return "", deniedLogin(login)
	}
	return login, d.roster.find(ctx, login, print)
}

// Enrol makes the key work under the shared login too. It is called with what
// Identify gave, after the client has proved that it holds the key, and does
// nothing where there is nothing to remember.
func (d *Directory) Enrol(ctx context.Context, id Identity, key ssh.PublicKey) error {
	if id.Via != ViaGitHub || d.roster == nil {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("enrol a key of %s: %w", id.Login, err)
	}
	print := fingerprintOf(key)
	if print.String() != id.Fingerprint {
		return fmt.Errorf("enrol a key of %s: %s is another key than the one identified, %s", id.Login, print, id.Fingerprint)
	}
	if err := d.roster.enrol(id.Login, print); err != nil {
		return fmt.Errorf("enrol a key of %s: %w", id.Login, err)
	}
	return nil
}

func (d *Directory) identity(login string, via Via, print fingerprint) Identity {
	return Identity{Login: login, Admin: d.admins[login], Via: via, Fingerprint: print.String()}
}

func (d *Directory) authorizedKeys() *authorizedKeys {
	if d.authorized == nil {
		return &authorizedKeys{}
	}
	return d.authorized.current()
}

// Still gives who somebody is now that has signed in before, without their key
// being offered again: it may have been taken away since, and who is an admin may
// have changed. The error is a *Denied with a sentence for them, or that of ctx.
func (d *Directory) Still(ctx context.Context, id Identity) (Identity, error) {
	print, err := parseFingerprint(id.Fingerprint)
	if err != nil {
		return Identity{}, fmt.Errorf("look up the key of %s again: %w", id.Login, err)
	}
	return d.claimed(ctx, id.Login, print)
}

// StillAdmin tells whether somebody who has signed in before may administrate
// now. Its errors are those of Still.
func (d *Directory) StillAdmin(ctx context.Context, id Identity) error {
	now, err := d.Still(ctx, id)
	if err == nil && !now.Admin {
		err = deniedNotAdmin(now.Login, d.shared)
	}
	return err
}

// Passing tells whether what denied somebody may change without anybody's doing,
// as while GitHub cannot be reached.
func Passing(err error) bool {
	var denied *Denied
	return !errors.As(err, &denied) || denied.mayPass()
}
