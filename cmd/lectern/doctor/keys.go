package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"lectern/gateway/auth"
	"lectern/internal/boltfile"
)

// keyCacheName is the file in data_dir with the keys that were fetched and
// enrolled.
const keyCacheName = "keys.db"

// listedKeys reads the operator's own file of keys as the gateway does.
func (d *Doctor) listedKeys(context.Context) Finding {
	path := d.Settings.Auth.AuthorizedKeys
	if path == "" {
		return skipped("auth.authorized_keys is not set")
	}
	logins, warnings, err := auth.CheckAuthorizedKeys(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return bad(path+" is not there, and the gateway does not start without it", "correct auth.authorized_keys, or make the file; one without lines will do")
	case err != nil:
		return bad(err.Error(), "let the gateway's user read it, or correct auth.authorized_keys")
	case len(warnings) > 0:
		return bad(path+": "+list(warnings), "correct those lines; a running gateway takes the change by itself")
	}
	return good(fmt.Sprintf("%s has keys of %s", path, people(logins)))
}

func people(n int) string {
	if n == 1 {
		return "1 person"
	}
	return fmt.Sprintf("%d people", n)
}

// keyCache looks at the file that the gateway opens before it lets anybody in.
func (d *Doctor) keyCache(context.Context) Finding {
	path := d.inDataFolder(keyCacheName)
	err := auth.CheckCache(path)
	switch {
	case err == nil:
		return good("sound")
	case errors.Is(err, fs.ErrNotExist):
		return skipped("not made yet; lectern serve makes it")
	case errors.Is(err, boltfile.ErrInUse):
		return skipped("a running gateway has it open, and has checked it when it started")
	case errors.Is(err, boltfile.ErrDamaged):
		return bad(err.Error(), fmt.Sprintf("stop the gateway and move %s away; who has come as lab@ then comes once more as their GitHub login", path))
	}
	return bad(err.Error(), "let the gateway's user read and write it")
}
