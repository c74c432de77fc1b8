// Package source brings courses onto this machine: it opens a folder, or
// fetches and unpacks a .tar.gz archive into a cache, and gives back a folder
// that course.Scan can read.
//
// It knows HTTP, archives and the file system, and nothing of what a course
// holds. Archives come from strangers, so every byte of them is bounded and
// nothing is ever written outside the cache.
package source

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Spec says where courses are. Exactly one field is set.
type Spec struct {
	// Path is a folder, or a .tar.gz file.
	Path string
	// URL is an http or https address of a .tar.gz archive.
	URL string
}

// Options are what Open needs beside the Spec.
type Options struct {
	// CacheDir is where archives are unpacked; it is made if it is missing.
	// Folders need none.
	CacheDir string
	// HTTPClient fetches archives; nil means a client with sound timeouts.
	HTTPClient *http.Client
	// Limits bound an archive; zero fields mean those of DefaultLimits.
	Limits Limits
}

// Limits bound what an archive may cost.
type Limits struct {
	// Compressed is the largest archive, in bytes.
	Compressed int64
	// Unpacked is the largest total size of its files, in bytes.
	Unpacked int64
	// Entries is the largest number of files, folders and links in it.
	Entries int
	// Ratio is the largest number of bytes that one compressed byte may become.
	Ratio int64
	// Timeout is the longest time that fetching may take in all.
	Timeout time.Duration
}

// DefaultLimits leave room for large collections of courses.
func DefaultLimits() Limits {
	return Limits{
		Compressed: 64 << 20,
		Unpacked:   256 << 20,
		Entries:    20_000,
		Ratio:      200,
		Timeout:    2 * time.Minute,
	}
}

func (l Limits) withDefaults() Limits {
	d := DefaultLimits()
	if l.Compressed <= 0 {
		l.Compressed = d.Compressed
	}
	if l.Unpacked <= 0 {
		l.Unpacked = d.Unpacked
	}
	if l.Entries <= 0 {
		l.Entries = d.Entries
	}
	if l.Ratio <= 0 {
		l.Ratio = d.Ratio
	}
	if l.Timeout <= 0 {
		l.Timeout = d.Timeout
	}
	return l
}

// Folder is an opened source.
type Folder struct {
	// Dir can be given to course.Scan. What an archive held stays in it,
	// unchanged, for an hour and until its source has been updated twice.
	Dir string
	// Warnings are sentences for the operator, such as that an archive could
	// not be fetched and the last good copy is used.
	Warnings []string
}

// Open makes the courses of a source available as a folder. A folder is
// returned as it is. An archive is unpacked below CacheDir, where it appears
// at once and whole or not at all; one that has not changed since is not
// unpacked again. If fetching fails and an earlier copy is there, that copy is
// returned with a warning; only if the context ends is that an error too.
func Open(ctx context.Context, spec Spec, opts Options) (Folder, error) {
	opts.Limits = opts.Limits.withDefaults()
	switch {
	case (spec.Path == "") == (spec.URL == ""):
		return Folder{}, errors.New("a course source needs either a path or a url, and not both")
	case spec.URL != "":
		return openURL(ctx, spec.URL, opts)
	}
	info, err := os.Stat(spec.Path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return Folder{}, noSuchPath(spec.Path)
	case err != nil:
		return Folder{}, fmt.Errorf("look at the course folder: %w", err)
	case info.IsDir():
		return Folder{Dir: spec.Path}, nil
	case info.Mode().IsRegular() && isArchiveName(spec.Path):
		return openFile(ctx, spec.Path, opts)
	}
	return Folder{}, fmt.Errorf("%s is neither a folder nor a .tar.gz file; give one of these", spec.Path)
}

// noSuchPath names the whole path: a relative one may be meant from elsewhere.
func noSuchPath(path string) error {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	return fmt.Errorf("the course folder %s does not exist; make it or correct the path", path)
}

func isArchiveName(name string) bool {
	name = strings.ToLower(name)
	return strings.HasSuffix(name, ".tar.gz") || strings.HasSuffix(name, ".tgz")
}

// openFile unpacks a local archive.
func openFile(ctx context.Context, path string, opts Options) (Folder, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return Folder{}, fmt.Errorf("find the archive %s: %w", path, err)
	}
	shelf, err := openShelf(opts.CacheDir, "file:"+abs)
	if err != nil {
		return Folder{}, err
	}
	defer shelf.close()
	file, err := os.Open(abs)
	if err != nil {
		return Folder{}, fmt.Errorf("open the archive: %w", err)
	}
	defer file.Close()
	archive, err := shelf.receive(file, opts.Limits.Compressed)
	if err != nil {
		return Folder{}, fmt.Errorf("read the archive %s: %w", path, err)
	}
	defer archive.discard()
	copied, err := shelf.store(ctx, archive, bareName(filepath.Base(abs)), opts.Limits)
	if err != nil {
		return Folder{}, fmt.Errorf("unpack the archive %s: %w", path, err)
	}
	warnings := copied.warnings(path)
	if err := shelf.remember(copied); err != nil {
		return Folder{}, err
	}
	return Folder{Dir: shelf.path(copied.Tree), Warnings: warnings}, nil
}

// bareName is the name of an archive without its ending.
func bareName(name string) string {
	for _, ending := range []string{".tar.gz", ".tgz"} {
		if len(name) > len(ending) && strings.EqualFold(name[len(name)-len(ending):], ending) {
			return name[:len(name)-len(ending)]
		}
	}
	return name
}
