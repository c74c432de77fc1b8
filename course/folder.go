package course

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"syscall"
	"unicode/utf8"
)

// site is the folder that is scanned, opened so that no link inside it can
// lead a reader out of it, and the folder around it, where the paper.json of a
// course that is the site itself lies.
type site struct {
	dir   string // absolute
	root  *os.Root
	outer *os.Root // nil where there is none to read
}

func openSite(dir string) (*site, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("find the folder %s: %w", dir, err)
	}
	root, err := os.OpenRoot(abs)
	if err != nil {
		return nil, fmt.Errorf("open the course folder: %w", err)
	}
	s := &site{dir: abs, root: root}
	if parent := filepath.Dir(abs); parent != abs {
		// Without permission to it there is simply no paper.json to find.
		s.outer, _ = os.OpenRoot(parent)
	}
	return s, nil
}

func (s *site) close() {
	s.root.Close()
	if s.outer != nil {
		s.outer.Close()
	}
}

// folder is one folder of a site.
type folder struct {
	site *site
	root *os.Root
	// path is where it is in root, with slashes; label is where it is for the
	// reader of a problem, relative to the site.
	path  string
	label string
}

// at returns the folder of the site with this path; "." is the site itself.
func (s *site) at(rel string) folder {
	return folder{site: s, root: s.root, path: rel, label: rel}
}

// parent returns the folder around f, if it may be read.
func (f folder) parent() (folder, bool) {
	switch {
	case f.root != f.site.root:
		return folder{}, false
	case f.path != ".":
		return f.site.at(path.Dir(f.path)), true
	case f.site.outer == nil:
		return folder{}, false
	}
	return folder{site: f.site, root: f.site.outer, path: ".", label: ".."}, true
}

// sub returns the folder with this name in f. Seen from outside, the site
// itself is still the site.
func (f folder) sub(name string) folder {
	if f.root != f.site.root && name == filepath.Base(f.site.dir) {
		return f.site.at(".")
	}
	f.path, f.label = path.Join(f.path, name), path.Join(f.label, name)
	return f
}

// name is the folder's own name.
func (f folder) name() string {
	switch {
	case f.path != ".":
		return path.Base(f.path)
	case f.root == f.site.root:
		return filepath.Base(f.site.dir)
	}
	return filepath.Base(filepath.Dir(f.site.dir))
}

// dir is the absolute path of a folder of the site.
func (f folder) dir() string {
	return filepath.Join(f.site.dir, filepath.FromSlash(f.path))
}

// file says where a file of the folder is, for a problem.
func (f folder) file(name string) string { return path.Join(f.label, name) }

// has reports whether there is anything with this name, readable or not.
func (f folder) has(name string) bool {
	_, err := f.root.Stat(path.Join(f.path, name))
	return err == nil || !isMissing(err)
}

func isMissing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// read returns a file of text. Bytes that are not UTF-8 are replaced and, like
// a file that cannot be read, noted. The flag tells whether there is a text.
func (f folder) read(name string, n notes) ([]byte, bool) {
	n = n.in(f.file(name))
	data, err := f.readFile(path.Join(f.path, name))
	if err != nil {
		n.errorf(0, "cannot be read: %v", withoutPath(err))
		return nil, false
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if !utf8.Valid(data) {
		n.warnf(firstInvalidLine(data), "holds bytes that are not UTF-8; save the file as UTF-8")
		data = bytes.ToValidUTF8(data, []byte("\ufffd"))
	}
	return data, true
}

func (f folder) readFile(name string) ([]byte, error) {
	info, err := f.root.Stat(name)
	if err != nil {
		return nil, err
	}
	// Asked before opening, since opening a pipe would wait for a writer.
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is not a regular file")
	}
	file, err := f.root.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxFileBytes+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxFileBytes {
		return nil, fmt.Errorf("it is larger than %d MiB; split the course", maxFileBytes>>20)
	}
	return data, nil
}

// withoutPath leaves out the path, which a problem names itself.
func withoutPath(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}

func firstInvalidLine(data []byte) int {
	line := 1
	for len(data) > 0 {
		r, size := utf8.DecodeRune(data)
		if r == utf8.RuneError && size == 1 {
			break
		}
		if r == '\n' {
			line++
		}
		data = data[size:]
	}
	return line
}
