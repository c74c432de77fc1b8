package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"lectern/cmd/lectern/control"
	"lectern/internal/boltfile"
	"lectern/progress"
)

func databaseIn(dataDir string) string { return filepath.Join(dataDir, "lectern.db") }

// snapshot copies the database of a data folder as it is at one moment, whether
// a gateway runs on it or not, into a file beside it. remove takes that away.
func snapshot(ctx context.Context, dataDir string) (file string, remove func(), err error) {
	if info, err := os.Stat(databaseIn(dataDir)); err == nil {
		if err := control.Room(dataDir, info.Size()); err != nil {
			return "", nil, err
		}
	}
	folder, err := os.MkdirTemp(dataDir, ".lectern.db.*.copy")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", nil, noDatabase(dataDir)
	case errors.Is(err, fs.ErrPermission):
		return "", nil, fmt.Errorf("%s is for the gateway's user and for root; run this as one of them: %w", dataDir, err)
	case err != nil:
		return "", nil, fmt.Errorf("make a folder for a copy of the database: %w", boltfile.InWords(err))
	}
	remove = func() { _ = os.RemoveAll(folder) }
	file = filepath.Join(folder, "lectern.db")
	if err := copyDatabase(ctx, dataDir, file); err != nil {
		remove()
		return "", nil, err
	}
	return file, remove, nil
}

// copyDatabase makes the file to a copy of the database of a data folder.
func copyDatabase(ctx context.Context, dataDir, to string) error {
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return boltfile.InWords(err)
	}
	err = ask(dataDir,
		func() error { return control.Backup(ctx, dataDir, out) },
		func(store *progress.Store) error { return copyStore(ctx, store, out) })
	return boltfile.InWords(errors.Join(err, out.Close()))
}

func copyStore(ctx context.Context, store *progress.Store, out io.Writer) error {
	_, err := store.Snapshot(ctx, out)
	return err
}

// ask has the gateway of a data folder asked, or where none runs the store
// itself, which is closed afterwards. Only one of both does anything.
func ask(dataDir string, gateway func() error, store func(*progress.Store) error) error {
	err := gateway()
	if !errors.Is(err, control.ErrNobody) {
		return err
	}
	s, err := progress.OpenReadOnly(databaseIn(dataDir), slog.Default())
	switch {
	case err == nil:
		return errors.Join(store(s), s.Close())
	case errors.Is(err, fs.ErrNotExist):
		return noDatabase(dataDir)
	case !errors.Is(err, boltfile.ErrInUse):
		return err
	}
	// One that was just started has the store a moment before it answers.
	if err := gateway(); !errors.Is(err, control.ErrNobody) {
		return err
	}
	return fmt.Errorf("the gateway of %s does not answer on its control socket: it is just starting or ending, so try again, or its log says why", dataDir)
}

func noDatabase(dataDir string) error {
	return fmt.Errorf("there is no database in %s: name the folder of a gateway with --data_dir, or its settings with --config", dataDir)
}
