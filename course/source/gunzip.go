package source

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"lectern/course/tarball"
)

// ErrUnsafe is wrapped by the errors of archives that try to write where they
// must not or to use up the machine. Nothing of such an archive is kept.
var ErrUnsafe = tarball.ErrUnsafe

// ratioGrace is how much may come out before the ratio counts, since a small
// archive can rightly shrink a lot.
const ratioGrace = 4 << 20

// unpack writes the files of a .tar.gz archive of the given size below tree.
// It returns how many links and special files it left out.
func unpack(ctx context.Context, tree *os.Root, from io.Reader, size int64, limits Limits) (skipped int, err error) {
	compressed := bufio.NewReader(from)
	if magic, err := compressed.Peek(2); err != nil || magic[0] != 0x1f || magic[1] != 0x8b {
		return 0, errors.New("it is not a gzip file; give the address of a .tar.gz archive")
	}
	expanded, err := gzip.NewReader(compressed)
	if err != nil {
		return 0, fmt.Errorf("it is not a sound gzip file: %w", err)
	}
	defer expanded.Close()
	return tarball.Unpack(ctx, tree, &meter{from: expanded, size: size, ratio: limits.Ratio},
		tarball.Limits{Unpacked: limits.Unpacked, Entries: limits.Entries})
}

// meter passes on what a compressed archive expands to, while that is no more
// than ratio times its size.
type meter struct {
	from        io.Reader
	size, ratio int64
	read        int64
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.from.Read(p)
	m.read += int64(n)
	if m.read > ratioGrace && m.read/m.ratio > m.size {
		return 0, fmt.Errorf("%w: it expands to more than %d times its size", ErrUnsafe, m.ratio)
	}
	return n, err
}
