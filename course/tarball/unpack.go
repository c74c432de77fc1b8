// Package tarball moves a tree of course files as a tar stream: out of a
// folder, and into one without trusting the stream.
package tarball

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ErrUnsafe is wrapped by the errors of archives that try to write where they
// must not or to use up the machine. Nothing of such an archive is kept.
var ErrUnsafe = errors.New("the archive is not safe to unpack")

const (
	maxNameBytes   = 200 // of one folder or file
	maxFolderDepth = 32
)

// Limits bound what unpacking may cost.
type Limits struct {
	// Unpacked is how many bytes all files together may have.
	Unpacked int64
	// Entries is how many files and folders there may be, with the folders that
	// are only named on the way to a file.
	Entries int
}

// Unpack writes the files of a tar stream below tree and returns how many
// links and special files it left out. The stream is read to its end.
func Unpack(ctx context.Context, tree *os.Root, from io.Reader, limits Limits) (skipped int, err error) {
	u := unpacker{ctx: ctx, tree: tree, limits: limits, left: limits.Unpacked, folders: map[string]bool{".": true}}
	// Besides the files there are headers; without a bound on them too, an
	// archive of nothing but headers would go on for ever.
	u.stream = &bounded{from: from, limits: limits, left: limits.Unpacked + int64(limits.Entries)*4096}
	entries := tar.NewReader(u.stream)
	for {
		header, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return u.skipped, u.drain()
		}
		if err != nil {
			return 0, archiveError(err)
		}
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		if err := u.entry(header, entries); err != nil {
			return 0, err
		}
	}
}

// archiveError says of a broken archive that it is broken, and of an unsafe
// one that it is unsafe.
func archiveError(err error) error {
	switch {
	case errors.Is(err, ErrUnsafe):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("the archive ends too early; fetch or make it again: %w", err)
	}
	return fmt.Errorf("the archive is broken; make it again: %w", err)
}

type unpacker struct {
	ctx     context.Context
	tree    *os.Root
	stream  io.Reader
	limits  Limits
	left    int64           // bytes of files that may still come
	folders map[string]bool // that are made
	entries int
	skipped int
}

// drain reads what follows the end of the archive, so that a checksum or a
// length that is wrong is noticed.
func (u *unpacker) drain() error {
	if _, err := io.Copy(io.Discard, u.stream); err != nil {
		return archiveError(err)
	}
	return nil
}

func (u *unpacker) entry(header *tar.Header, content io.Reader) error {
	if header.Typeflag == tar.TypeXGlobalHeader {
		return nil // GitHub's note of the commit
	}
	name, err := safeName(header.Name)
	if err != nil {
		return err
	}
	if header.Typeflag == tar.TypeDir {
		return u.folder(name)
	}
	if err := u.count(); err != nil {
		return err
	}
	if header.Typeflag == tar.TypeReg {
		return u.file(name, content)
	}
	// Links could point anywhere, and devices are no courses.
	u.skipped++
	return nil
}

func (u *unpacker) count() error {
	if u.entries++; u.entries > u.limits.Entries {
		return fmt.Errorf("%w: it holds more than %d entries", ErrUnsafe, u.limits.Entries)
	}
	return nil
}

// folder makes a folder and those above it. Each is counted, since the name of
// one file can imply many.
func (u *unpacker) folder(name string) error {
	if u.folders[name] {
		return nil
	}
	if err := u.folder(path.Dir(name)); err != nil {
		return err
	}
	if err := u.count(); err != nil {
		return err
	}
	u.folders[name] = true
	if err := u.tree.Mkdir(name, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return u.made(err, name)
	}
	return nil
}

func (u *unpacker) file(name string, content io.Reader) error {
	if name == "." {
		return fmt.Errorf("%w: a file in it has no name", ErrUnsafe)
	}
	if err := u.folder(path.Dir(name)); err != nil {
		return err
	}
	file, err := u.tree.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return u.made(err, name)
	}
	written, err := io.Copy(file, io.LimitReader(content, u.left+1))
	if closeErr := file.Close(); err == nil && closeErr != nil {
		return u.made(closeErr, name)
	}
	var onDisk *os.PathError
	switch {
	case errors.As(err, &onDisk):
		return u.made(err, name)
	case err != nil:
		return archiveError(err)
	}
	if u.left -= written; u.left < 0 {
		return fmt.Errorf("%w: its files are larger than %d MiB in all", ErrUnsafe, u.limits.Unpacked>>20)
	}
	return nil
}

// made names what could not be written.
func (u *unpacker) made(err error, name string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("write %q of the archive: %w", name, err)
}

// safeName turns a name in an archive into a path below the tree. Names that
// lead out of it are refused; characters that steer a terminal are replaced.
func safeName(name string) (string, error) {
	for _, part := range strings.Split(name, "/") {
		if part == ".." {
			return "", fmt.Errorf("%w: the name %q leads out of it", ErrUnsafe, short(name))
		}
	}
	if strings.HasPrefix(name, "/") {
		return "", fmt.Errorf("%w: the name %q is absolute", ErrUnsafe, short(name))
	}
	parts := strings.Split(path.Clean(strings.Map(safeRune, strings.ToValidUTF8(name, "_"))), "/")
	if len(parts) > maxFolderDepth {
		return "", fmt.Errorf("%w: the name %q is more than %d folders deep", ErrUnsafe, short(name), maxFolderDepth)
	}
	for _, part := range parts {
		if len(part) > maxNameBytes {
			return "", fmt.Errorf("%w: the name %q is longer than %d bytes", ErrUnsafe, short(name), maxNameBytes)
		}
	}
	clean := path.Join(parts...)
	if !filepath.IsLocal(clean) {
		return "", fmt.Errorf("%w: the name %q cannot be used", ErrUnsafe, short(name))
	}
	return clean, nil
}

func safeRune(r rune) rune {
	if r == '\\' || r == utf8.RuneError || !unicode.IsGraphic(r) {
		return '_'
	}
	return r
}

// short is a name cut to what fits a message.
func short(name string) string {
	const most = 80
	if len(name) > most {
		return strings.ToValidUTF8(name[:most], "") + "…"
	}
	return name
}

// bounded passes on a stream up to its limit.
type bounded struct {
	from   io.Reader
	limits Limits
	left   int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.from.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, fmt.Errorf("%w: it expands to more than %d MiB", ErrUnsafe, b.limits.Unpacked>>20)
	}
	return n, err
}
