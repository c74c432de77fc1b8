package auth

import (
	"fmt"
	"log/slog"
	"slices"
)

// Directory knows whose a key is. Its methods may be called from any
// goroutine.
type Directory struct {
	shared, admin string
	everyone      bool
	users, admins map[string]bool
	extra         map[fingerprint]string
	extraLogins   map[string]bool
	// authorized is nil without a file; roster and listed without GitHub.
	authorized *authorizedFile
	roster     *roster
	listed     *listed
	memory     *memory
	work       *work
	log        *slog.Logger
}

// New makes a Directory. It fails on options that make no sense, on an
// AuthorizedKeysFile that cannot be read, and on a cache file that is in use
// or damaged. It does not wait for GitHub.
func New(options Options) (*Directory, error) {
	options.setDefaults()
	d := &Directory{log: options.Logger, extra: map[fingerprint]string{}, extraLogins: map[string]bool{}}
	if err := d.setNames(options); err != nil {
		return nil, err
	}
	for _, extra := range options.ExtraKeys {
		login, err := ParseLogin(extra.Login)
		if err == nil {
			err = checkSound(extra.Key)
		}
		if err != nil {
			return nil, fmt.Errorf("use a local key: %w", err)
		}
		d.extra[fingerprintOf(extra.Key)] = login
		d.extraLogins[login] = true
	}
	if options.AuthorizedKeysFile != "" {
		var err error
		if d.authorized, err = openAuthorizedFile(options.AuthorizedKeysFile, d.log); err != nil {
			return nil, err
		}
	}
	if options.GitHubURL == "" {
		return d, nil
	}
	source, err := newGitHub(options.GitHubURL, options.HTTPClient)
	if err != nil {
		return nil, err
	}
	if d.memory, err = openMemory(options.CachePath, options.MaxLogins); err != nil {
		return nil, err
	}
	logins := d.listedLogins()
	d.work = newWork()
	d.roster = newRoster(rosterOptions{
		source: source, memory: d.memory, listed: logins, work: d.work,
		cacheFor: options.CacheFor, staleFor: options.StaleFor, now: options.Now, log: d.log,
	})
	if len(logins) > 0 {
		d.listed = newListed(logins, d.isAccount, d.roster, d.work)
	}
	return d, nil
}

func (d *Directory) setNames(options Options) (err error) {
	if d.shared, err = ParseLogin(options.SharedLogin); err != nil {
		return fmt.Errorf("use the shared login: %w", err)
	}
	if d.admin, err = ParseLogin(options.AdminLogin); err != nil {
		return fmt.Errorf("use the admin login: %w", err)
	}
	if d.shared == d.admin {
		return fmt.Errorf("the shared login and the admin login are both %q, give them two names", d.shared)
	}
	users := slices.DeleteFunc(slices.Clone(options.Users), func(name string) bool { return name == "*" })
	d.everyone = len(users) < len(options.Users)
	if d.users, err = loginSet(users); err != nil {
		return fmt.Errorf("use the list of users: %w", err)
	}
	if d.admins, err = loginSet(options.Admins); err != nil {
		return fmt.Errorf("use the list of admins: %w", err)
	}
	return nil
}

func loginSet(names []string) (map[string]bool, error) {
	logins := map[string]bool{}
	for _, name := range names {
		login, err := ParseLogin(name)
		if err != nil {
			return nil, err
		}
		logins[login] = true
	}
	return logins, nil
}

// listedLogins are those whose keys work without enrolment, and so are
// fetched before anybody names them.
func (d *Directory) listedLogins() []string {
	var logins []string
	for login := range d.users {
		logins = append(logins, login)
	}
	for login := range d.admins {
		logins = append(logins, login)
	}
	slices.Sort(logins)
	return slices.Compact(logins)
}

// closed is whether no account on GitHub makes anybody a learner. The keys of
// admins are known before they name themselves (listedLogins).
func (d *Directory) closed() bool { return !d.everyone && len(d.users) == 0 }

// allowed is whether the keys of a GitHub account may come in.
func (d *Directory) allowed(login string) bool {
	return d.everyone || d.users[login] || d.admins[login]
}

// isAccount is whether the login means the account of that name on GitHub. One
// that the operator gives to somebody here does not, since the account may be
// anybody's; unless it is among the users by name.
func (d *Directory) isAccount(login string) bool {
	return d.users[login] || !d.extraLogins[login] && !d.authorizedKeys().knows(login)
}

// Close ends the running look-ups, waits for them, and closes the cache.
func (d *Directory) Close() error {
	if d.roster == nil {
		return nil
	}
	d.work.stop()
	d.roster.source.close()
	return d.memory.close()
}
