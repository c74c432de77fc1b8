package boltfile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math"
)

// The layout of a bbolt file, version 2. Numbers are in the machine's order.
const (
	magic         = 0xED0CDAED
	layoutVersion = 2

	pageHeaderSize = 16
	elementSize    = 16
	bucketSize     = 16
	metaSize       = 64
	checksumAt     = 56

	branchPage   = 0x01
	leafPage     = 0x02
	freelistPage = 0x10

	bucketElement = 0x01

	// deepest is far more than a file that fits on a disk can need.
	deepest = 200

	noFreelist   = math.MaxUint64
	longFreelist = 0xFFFF

	smallestPage = 1 << 10
	largestPage  = 1 << 24
)

var order = binary.NativeEndian

// meta is the part of a meta page that matters here.
type meta struct {
	pageSize uint64
	root     uint64
	freelist uint64
	// end is the number of the first page that was never used.
	end uint64
	// transaction is higher in the meta page that was written later.
	transaction uint64
}

// newestMeta chooses like bbolt: of the two meta pages the newer sound one.
// The first is at the start, the second one page behind it, so where the first
// is torn the page size is tried out.
func newestMeta(file io.ReaderAt, size int64) (meta, error) {
	newest, err := readMeta(file, 0)
	if err == nil {
		if err := newest.checkPageSize(newest.pageSize); err != nil {
			return meta{}, err
		}
		second, err := readMeta(file, int64(newest.pageSize))
		if err != nil || second.transaction <= newest.transaction {
			return newest, nil
		}
		return second, second.checkPageSize(newest.pageSize)
	}
	for at := int64(smallestPage); at <= largestPage && at < size-smallestPage; at *= 2 {
		if second, err := readMeta(file, at); err == nil {
			return second, second.checkPageSize(uint64(at))
		}
	}
	return meta{}, err
}

// checkPageSize expects the page size that follows from where a meta page is.
func (m meta) checkPageSize(want uint64) error {
	if m.pageSize != want || m.pageSize < smallestPage || m.pageSize > largestPage || m.pageSize&(m.pageSize-1) != 0 {
		return fmt.Errorf("its page size is %d", m.pageSize)
	}
	return nil
}

func readMeta(file io.ReaderAt, at int64) (meta, error) {
	page := make([]byte, pageHeaderSize+metaSize)
	if _, err := file.ReadAt(page, at); err != nil {
		if errors.Is(err, io.EOF) {
			return meta{}, errors.New("it is too short")
		}
		return meta{}, fmt.Errorf("read its first pages: %w", err)
	}
	b := page[pageHeaderSize:]
	sum := fnv.New64a()
	sum.Write(b[:checksumAt])
	m := meta{
		pageSize:    uint64(order.Uint32(b[8:])),
		root:        order.Uint64(b[16:]),
		freelist:    order.Uint64(b[32:]),
		end:         order.Uint64(b[40:]),
		transaction: order.Uint64(b[48:]),
	}
	switch {
	case order.Uint32(b) != magic:
		return meta{}, errors.New("it does not begin like a bbolt file")
	case order.Uint32(b[4:]) != layoutVersion:
		return meta{}, fmt.Errorf("it has version %d of the bbolt layout", order.Uint32(b[4:]))
	case order.Uint64(b[checksumAt:]) != sum.Sum64():
		return meta{}, errors.New("the checksum of its first pages is wrong")
	}
	return m, nil
}
