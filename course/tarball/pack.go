package tarball

import (
	"archive/tar"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Pack writes the files and folders below dir to w as a tar stream (POSIX.1-2001,
// pax). Links and special files are left out: they could lead anywhere. So is
// what a repository keeps for itself, .git.
func Pack(w io.Writer, dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("open the course's folder: %w", err)
	}
	defer func() { _ = root.Close() }()
	out := tar.NewWriter(w)
	err = fs.WalkDir(root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name == ".":
			return nil
		case entry.IsDir() && entry.Name() == ".git":
			return filepath.SkipDir
		case entry.IsDir():
			return out.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: 0o755})
		case entry.Type().IsRegular():
			return packFile(out, root, name)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("pack the course: %w", err)
	}
	return out.Close()
}

func packFile(out *tar.Writer, root *os.Root, name string) error {
	file, err := root.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	err = out.WriteHeader(&tar.Header{
		Typeflag: tar.TypeReg, Name: name, Size: info.Size(), Mode: 0o644, ModTime: info.ModTime(),
	})
	if err != nil {
		return err
	}
	// No more than was announced, should the file grow meanwhile.
	_, err = io.Copy(out, io.LimitReader(file, info.Size()))
	return err
}
