package auth

import (
	"fmt"
	"time"
)

// Reason is why a key does not let somebody in, for logs and metrics.
type Reason string

// The reasons.
const (
	// UnknownKey: nobody is known to have the key.
	UnknownKey Reason = "unknown_key"
	// NoKey: the client offered none.
	NoKey Reason = "no_key"
	// KeyNotListed: the key is not one of the account's keys on GitHub.
	KeyNotListed Reason = "key_not_listed"
	// LoginNotAllowed: the login is not among those that may come in.
	LoginNotAllowed Reason = "login_not_allowed"
	// NoSuchAccount: GitHub has no such account.
	NoSuchAccount Reason = "no_such_account"
	// GitHubUnreachable: the keys are not known and GitHub does not answer.
	GitHubUnreachable Reason = "github_unreachable"
	// TryAgain: too much is being asked at the moment.
	TryAgain Reason = "try_again"
	// BadKey: the key is too weak, or of a kind that is not accepted.
	BadKey Reason = "bad_key"
	// NotAdmin: the login is known and is no admin.
	NotAdmin Reason = "not_admin"
	// BadLogin: the name cannot be a login.
	BadLogin Reason = "bad_login"
)

// Denied is the error of a key that does not let somebody in.
type Denied struct {
	Reason Reason
	// Message is for the learner: what is wrong and what to do. It is plain
	// text in one line that is safe to print.
	Message string
	// Cause is for the log; nil where there is nothing more to say.
	Cause error
}

// Error is the message alone.
func (d *Denied) Error() string { return d.Message }

// Unwrap gives the cause.
func (d *Denied) Unwrap() error { return d.Cause }

// mayPass is whether the same key may be let in later without anybody
// changing anything, so that looking elsewhere for its owner would be wrong.
func (d *Denied) mayPass() bool {
	return d.Reason == GitHubUnreachable || d.Reason == TryAgain
}

func deniedBadKey(cause error) error {
	return &Denied{BadKey, fmt.Sprintf("This key cannot be used here: %v.", cause), cause}
}

func deniedBadLogin(cause error) error {
	return &Denied{BadLogin, fmt.Sprintf("This login cannot be used here: %v.", cause), cause}
}

func deniedUnknownKey(shared string, print fingerprint) error {
	return &Denied{UnknownKey, fmt.Sprintf(
		"This key (%s) is not known here. Connect once as <github-login>@ in place of %s@, with a key that is on your GitHub account; after that it works here too.", print, shared), nil}
}

func deniedUnknownHere(print fingerprint) error {
	return &Denied{UnknownKey, fmt.Sprintf(
		"This key (%s) is not known here. Ask the person who runs this gateway to add it.", print), nil}
}

func deniedUnknownToOwner(print fingerprint) error {
	return &Denied{UnknownKey, fmt.Sprintf("This key (%s) is not known here. %s", print, asPrinted), nil}
}

// asPrinted is for the gateway of one person, whose key may have been made for
// it, so that ssh does not find it by itself.
const asPrinted = "Use the ssh command that the gateway printed when it was started, with all its options, and add a command to its end if you want one."

func deniedNotListed(login string, print fingerprint) error {
	return &Denied{KeyNotListed, fmt.Sprintf(
		"This key (%s) is not one of the keys of %s on GitHub. Add it there under Settings, SSH and GPG keys, or choose another with ssh -i; a new key counts after a few seconds.", print, login), nil}
}

func deniedLogin(login string) error {
	return &Denied{LoginNotAllowed, fmt.Sprintf(
		"%s is not among the learners of this gateway. Ask the person who runs it to be added.", login), nil}
}

func deniedNoAccount(login string) error {
	return &Denied{NoSuchAccount, fmt.Sprintf(
		"There is no GitHub account named %s. Connect with your own GitHub login, as in <github-login>@.", login), nil}
}

func deniedUnreachable(login string, cause error) error {
	return &Denied{GitHubUnreachable, fmt.Sprintf(
		"GitHub cannot be reached at the moment, so the keys of %s cannot be looked up. Try again in a minute.", login), cause}
}

func deniedBusy(wait time.Duration) error {
	when := "in a moment"
	if wait > time.Minute {
		when = fmt.Sprintf("in %d minutes", int(wait.Round(time.Minute)/time.Minute))
	}
	return &Denied{TryAgain, fmt.Sprintf("Keys cannot be looked up on GitHub right now, since too many were asked for. Try again %s.", when), nil}
}

func deniedNotAdmin(login, shared string) error {
	return &Denied{NotAdmin, fmt.Sprintf(
		"%s is not an admin of this gateway. Connect as %s@ to learn, or ask the person who runs it.", login, shared), nil}
}

func deniedStillFetching() error {
	return &Denied{TryAgain, "The keys of the learners are still being fetched from GitHub. Try again in a moment, or connect as <github-login>@.", nil}
}

func deniedClosing() error {
	return &Denied{TryAgain, "This gateway is being stopped. Try again in a moment.", nil}
}
