package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// trail looks whether the audit trail can be kept, without which no gateway
// starts.
func (d *Doctor) trail(context.Context) Finding {
	return d.folder("audit.dir", d.Settings.Audit.Dir, "audit")
}

// recordings does the same where sessions are recorded.
func (d *Doctor) recordings(context.Context) Finding {
	if !d.Settings.Recording.Enabled {
		return skipped("sessions are not recorded")
	}
	return d.folder("recording.dir", d.Settings.Recording.Dir, "recordings")
}

// folder looks at one that a setting names, or else the data folder has by its
// usual name.
func (d *Doctor) folder(setting, dir, usual string) Finding {
	if dir == "" {
		dir = d.inDataFolder(usual)
	}
	there, err := canWrite(dir)
	switch {
	case err != nil:
		return bad("nothing can be written: "+err.Error(), fmt.Sprintf("let the gateway's user write there, or set %s to another folder", setting))
	case !there:
		return good(dir + " is not there yet, and can be made")
	}
	return good(dir + " can be written")
}

// canWrite tries to write to a folder; one that is not there yet has to be such
// that it can be made. What is tried with is removed again.
func canWrite(dir string) (there bool, err error) {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		above := filepath.Dir(dir)
		if above == dir {
			return false, err
		}
		_, err := canWrite(above)
		return false, err
	case err != nil:
		return false, err
	case !info.IsDir():
		return false, fmt.Errorf("%s is no folder", dir)
	}
	tried, err := os.MkdirTemp(dir, ".doctor-")
	if err != nil {
		return true, err
	}
	return true, os.Remove(tried)
}
