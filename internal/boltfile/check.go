package boltfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

// check reads a bbolt file and says what is wrong with it, without mapping it
// and with every number in it doubted. bbolt's own Tx.Check comes too late
// for that: Open itself trusts the free list, Check runs in a goroutine where
// a memory fault cannot be caught, and it follows cycles for ever. An empty
// file is no database: bbolt would make a new one of it, as though nothing had
// ever been there.
func check(file *os.File, options Options) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.New("it is not a regular file, name another")
	}
	if info.Size() == 0 {
		return damaged(options.Name, errors.New("it is empty"))
	}
	if err := checkPages(file, info.Size(), info.Size() <= options.CheckUpTo); err != nil {
		return damaged(options.Name, err)
	}
	return nil
}

func checkPages(file io.ReaderAt, size int64, everything bool) error {
	m, err := newestMeta(file, size)
	if err != nil {
		return err
	}
	if m.end > uint64(size)/m.pageSize {
		return fmt.Errorf("it is cut off: %d bytes of at least %d are there", size, m.end*m.pageSize)
	}
	c := &checker{file: file, meta: m, free: make([]bool, m.end), seen: make([]bool, m.end)}
	if err := c.checkFreelist(); err != nil {
		return err
	}
	if !everything {
		_, _, err := c.page(m.root)
		return err
	}
	return c.checkTree(m.root, nil, nil)
}

// checker walks the pages that one meta page leads to. Each page is visited
// once at most, so that a cycle ends and memory stays bounded by the file.
type checker struct {
	file io.ReaderAt
	meta meta
	free []bool
	seen []bool
	// depth is how many pages lead to the one at hand.
	depth int
}

// header is the start of a page.
type header struct {
	flags uint16
	count int
}

// page reads one page with its overflow, and marks it as seen.
func (c *checker) page(id uint64) (header, []byte, error) {
	if id < 2 || id >= c.meta.end {
		return header{}, nil, fmt.Errorf("it refers to page %d of %d", id, c.meta.end)
	}
	start := make([]byte, pageHeaderSize)
	at := int64(id * c.meta.pageSize)
	if _, err := c.file.ReadAt(start, at); err != nil {
		return header{}, nil, fmt.Errorf("read page %d: %w", id, err)
	}
	h := header{flags: order.Uint16(start[8:]), count: int(order.Uint16(start[10:]))}
	overflow := uint64(order.Uint32(start[12:]))
	if order.Uint64(start) != id {
		return header{}, nil, fmt.Errorf("page %d says that it is page %d", id, order.Uint64(start))
	}
	if overflow >= c.meta.end-id {
		return header{}, nil, fmt.Errorf("page %d goes on for %d pages", id, overflow)
	}
	for i := id; i <= id+overflow; i++ {
		if c.seen[i] {
			return header{}, nil, fmt.Errorf("page %d is used twice", i)
		}
		if c.free[i] {
			return header{}, nil, fmt.Errorf("page %d is used and free", i)
		}
		c.seen[i] = true
	}
	b := make([]byte, (overflow+1)*c.meta.pageSize)
	if _, err := c.file.ReadAt(b, at); err != nil {
		return header{}, nil, fmt.Errorf("read page %d: %w", id, err)
	}
	return h, b, nil
}

func (c *checker) checkFreelist() error {
	if c.meta.freelist == noFreelist {
		return nil
	}
	h, b, err := c.page(c.meta.freelist)
	if err != nil {
		return err
	}
	if h.flags != freelistPage {
		return fmt.Errorf("page %d is no free list", c.meta.freelist)
	}
	ids := b[pageHeaderSize:]
	count := uint64(h.count)
	if count == longFreelist {
		count, ids = order.Uint64(ids), ids[8:]
	}
	if count > uint64(len(ids)/8) {
		return fmt.Errorf("its free list has %d entries in %d bytes", count, len(ids))
	}
	for i := range count {
		id := order.Uint64(ids[8*i:])
		if id < 2 || id >= c.meta.end || c.free[id] || c.seen[id] {
			return fmt.Errorf("its free list names page %d wrongly", id)
		}
		c.free[id] = true
	}
	return nil
}

// checkTree checks the page id and all below it. Keys are at least from, and
// below to where that is not nil.
func (c *checker) checkTree(id uint64, from, to []byte) error {
	c.depth++
	defer func() { c.depth-- }()
	if c.depth > deepest {
		return fmt.Errorf("page %d is too far from the root", id)
	}
	h, b, err := c.page(id)
	if err != nil {
		return err
	}
	switch h.flags {
	case leafPage:
		err = c.checkLeaf(b, h.count, from, to, true)
	case branchPage:
		err = c.checkBranch(b, h.count, from, to)
	default:
		err = fmt.Errorf("it has the type %#x", h.flags)
	}
	var inPage *pageError
	if err != nil && !errors.As(err, &inPage) {
		return &pageError{id: id, cause: err}
	}
	return err
}

// pageError names the page in which something was found.
type pageError struct {
	id    uint64
	cause error
}

func (e *pageError) Error() string { return fmt.Sprintf("in page %d %v", e.id, e.cause) }

func (e *pageError) Unwrap() error { return e.cause }

func (c *checker) checkBranch(b []byte, count int, from, to []byte) error {
	if count == 0 || pageHeaderSize+count*elementSize > len(b) {
		return fmt.Errorf("there are %d branches", count)
	}
	key := func(i int) ([]byte, error) {
		at := pageHeaderSize + i*elementSize
		return part(b, at, order.Uint32(b[at:]), order.Uint32(b[at+4:]))
	}
	low, err := key(0)
	if err != nil {
		return err
	}
	if bytes.Compare(low, from) < 0 {
		return errors.New("keys are out of order")
	}
	for i := range count {
		high := to
		if i+1 < count {
			if high, err = key(i + 1); err != nil {
				return err
			}
		}
		if high != nil && bytes.Compare(low, high) >= 0 {
			return errors.New("keys are out of order")
		}
		child := order.Uint64(b[pageHeaderSize+i*elementSize+8:])
		if err := c.checkTree(child, low, high); err != nil {
			return err
		}
		low = high
	}
	return nil
}

// checkLeaf checks a leaf page, or the inline page in a small bucket's value,
// which holds no further buckets.
func (c *checker) checkLeaf(b []byte, count int, from, to []byte, nested bool) error {
	if pageHeaderSize+count*elementSize > len(b) {
		return fmt.Errorf("there are %d entries", count)
	}
	var previous []byte
	for i := range count {
		at := pageHeaderSize + i*elementSize
		flags, pos, keySize, valueSize := order.Uint32(b[at:]), order.Uint32(b[at+4:]), order.Uint32(b[at+8:]), order.Uint32(b[at+12:])
		key, err := part(b, at, pos, keySize)
		if err != nil {
			return err
		}
		value, err := part(b, at, pos, uint64(keySize)+uint64(valueSize))
		if err != nil {
			return err
		}
		if i == 0 && bytes.Compare(key, from) < 0 || i > 0 && bytes.Compare(key, previous) <= 0 || to != nil && bytes.Compare(key, to) >= 0 {
			return errors.New("keys are out of order")
		}
		previous = key
		switch {
		case flags == 0:
		case flags == bucketElement && nested:
			if err := c.checkBucket(value[keySize:]); err != nil {
				return err
			}
		default:
			return fmt.Errorf("an entry has the type %#x", flags)
		}
	}
	return nil
}

func (c *checker) checkBucket(value []byte) error {
	if len(value) < bucketSize {
		return errors.New("a bucket is cut off")
	}
	if root := order.Uint64(value); root != 0 {
		return c.checkTree(root, nil, nil)
	}
	inline := value[bucketSize:]
	if len(inline) < pageHeaderSize {
		return errors.New("a bucket is cut off")
	}
	if flags := order.Uint16(inline[8:]); flags != leafPage {
		return fmt.Errorf("a bucket has the type %#x", flags)
	}
	return c.checkLeaf(inline, int(order.Uint16(inline[10:])), nil, nil, false)
}

// part is the piece of page b that begins pos bytes behind the element at.
func part[Size uint32 | uint64](b []byte, at int, pos uint32, size Size) ([]byte, error) {
	if size == 0 {
		return nil, errors.New("a key is empty")
	}
	start := uint64(at) + uint64(pos)
	if end := start + uint64(size); end <= uint64(len(b)) {
		return b[start:end:end], nil
	}
	return nil, errors.New("an entry reaches beyond the page")
}
