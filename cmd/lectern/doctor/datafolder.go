package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// dataFolder looks whether the gateway can keep what it must, where nobody else
// reads it.
func (d *Doctor) dataFolder(context.Context) Finding {
	dir := d.Settings.DataDir
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if _, err := canWrite(dir); err != nil {
			return bad(dir+" cannot be made: "+err.Error(), "let the gateway's user make it, or set data_dir to another folder")
		}
		return skipped(fmt.Sprintf("%s is not there yet; lectern serve makes it", dir))
	case err != nil:
		return bad(err.Error(), "let the gateway's user into it, or set data_dir to another folder")
	case !info.IsDir():
		return bad(dir+" is no folder", "set data_dir to a folder")
	case info.Mode().Perm()&0o077 != 0:
		return bad(fmt.Sprintf("others can look into %s (mode %04o), where keys are", dir, info.Mode().Perm()), "chmod 700 "+dir)
	}
	if _, err := canWrite(dir); err != nil {
		return bad("nothing can be written: "+err.Error(), fmt.Sprintf("give %s to the gateway's user, or its disk some room", dir))
	}
	return good(dir + " can be written, and is nobody else's")
}

// inDataFolder is the path of a file of the gateway.
func (d *Doctor) inDataFolder(name string) string { return filepath.Join(d.Settings.DataDir, name) }
