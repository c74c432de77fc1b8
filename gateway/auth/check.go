package auth

import (
	"fmt"
	"log/slog"

	"lectern/internal/boltfile"
)

// CheckAuthorizedKeys reads a file as New does. It tells of how many people it
// has keys, and of the lines that are not used, or not as they say.
func CheckAuthorizedKeys(path string) (logins int, warnings []string, err error) {
	file := &authorizedFile{path: path, log: slog.New(slog.DiscardHandler)}
	found, err := file.read()
	if err != nil {
		return 0, nil, err
	}
	return len(found.keys.logins), found.keys.warnings, nil
}

// CheckCache looks whether New could open a cache file, and makes none. The error
// wraps boltfile.ErrDamaged, boltfile.ErrInUse or fs.ErrNotExist where that is the
// reason.
func CheckCache(path string) error {
	file, err := boltfile.Open(path, boltfile.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err := file.Version(formatName, formatVersion); err != nil {
		return fmt.Errorf("open the key cache: %w", err)
	}
	return nil
}
