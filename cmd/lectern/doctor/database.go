package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"lectern/internal/boltfile"
	"lectern/progress"
)

// databaseName is the file in data_dir with who finished what.
const databaseName = "lectern.db"

// database reads all of it, or of a copy where a gateway has it open.
func (d *Doctor) database(ctx context.Context) Finding {
	path := d.inDataFolder(databaseName)
	found, err := progress.Check(path)
	if errors.Is(err, boltfile.ErrInUse) {
		if d.Snapshot == nil {
			return skipped("a running gateway has it open, and has checked it when it started")
		}
		copied, remove, err := d.Snapshot(ctx)
		if err != nil {
			return bad("the running gateway gives no copy of it: "+err.Error(), "look at the gateway's log")
		}
		defer remove()
		found, err = progress.Check(copied)
		return judgeDatabase(path, found, err)
	}
	return judgeDatabase(path, found, err)
}

func judgeDatabase(path string, found progress.Report, err error) Finding {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return skipped("not made yet; lectern serve makes it")
	case errors.Is(err, boltfile.ErrDamaged):
		return bad(err.Error(), fmt.Sprintf("stop the gateway, keep %s for whoever may mend it, and put your last backup in its place", path))
	case err != nil:
		return bad(err.Error(), "let the gateway's user read and write it")
	}
	if found.Unreadable > 0 {
		return bad(fmt.Sprintf("%d of its records cannot be read; the first: %v", found.Unreadable, found.Fault),
			fmt.Sprintf("keep %s for whoever may mend it, and grant those stages again, or put your last backup in its place", path))
	}
	return good(fmt.Sprintf("sound, %d KiB, %s", (found.Size+1023)/1024, count(found.Records, "completed stage")))
}
