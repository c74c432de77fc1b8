package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
)

// checkHostKey says what is about to go wrong with the key by which learners' ssh
// knows this server again. It comes before the database is made, which tells that
// a gateway has been here.
func checkHostKey(path, dataDir string, log *slog.Logger) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(path + ".pub"); err == nil {
			return fmt.Errorf("the host key %s is gone, and its public half %s.pub is there: put the key back, or remove that to have a new one made", path, path)
		}
		if _, err := os.Stat(databaseIn(dataDir)); err == nil {
			log.Warn("the host key is gone and a new one is made, so the ssh of everybody who was here before will warn of a changed host: stop, restore the old one and start again, or tell them", "file", path)
		}
		return nil
	}
	if err == nil && info.Mode().Perm()&0o077 != 0 {
		log.Warn("others can read the host key, and could pose as this server: chmod 600", "file", path, "mode", info.Mode().Perm().String())
	}
	return nil
}
