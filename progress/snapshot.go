package progress

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"go.etcd.io/bbolt"
)

// Snapshot writes the whole store to w as a file that can be opened as one, as
// it is at one moment, and tells how many bytes that were. Nobody waits for it,
// unless w is slow: the file cannot use again what was replaced meanwhile, and
// when it has to grow, who records something waits.
func (s *Store) Snapshot(ctx context.Context, w io.Writer) (written int64, err error) {
	out := &writer{ctx: ctx, to: w}
	err = s.file.View(func(tx *bbolt.Tx) error {
		written, err = tx.WriteTo(out)
		return err
	})
	if out.err != nil {
		err = out.err // and no fault of the store's
	}
	if err != nil {
		return written, fmt.Errorf("copy the progress store: %w", err)
	}
	return written, nil
}

// Size is how many bytes the file has; a Snapshot has no more.
func (s *Store) Size() (int64, error) {
	info, err := os.Stat(s.file.Path())
	if err != nil {
		return 0, fmt.Errorf("measure the progress store: %w", err)
	}
	return info.Size(), nil
}

// writer ends with ctx, and remembers its error.
type writer struct {
	ctx context.Context
	to  io.Writer
	err error
}

func (w *writer) Write(p []byte) (n int, err error) {
	if err = w.ctx.Err(); err == nil {
		n, err = w.to.Write(p)
	}
	w.err = errors.Join(w.err, err)
	return n, err
}
