package source

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"lectern/course"
)

// shelf is the place of one source in the cache:
//
//	<cache>/<hash of the source>/
//	  copy.json            which copy counts
//	  <digest>/<name>/     a copy, named by the digest of its archive
//	  tmp-…                work in progress, of no meaning to anyone else
//
// A copy is made under a temporary name and renamed when it is whole on disk, and
// copy.json is replaced in one step too. So a crash, or another process at the
// same work, can leave no half copy that counts.
type shelf struct {
	dir  string
	root *os.Root
	sync func(*os.File) error
}

const (
	recordFile = "copy.json"
	// abandoned is the age from which work in progress, and copies that do not
	// count, cannot belong to another process any more.
	abandoned = time.Hour
)

// copied is what is known of a copy.
type copied struct {
	// Tree is the folder of the copy, relative to the shelf.
	Tree         string    `json:"tree"`
	ETag         string    `json:"etag,omitempty"`
	LastModified string    `json:"lastModified,omitempty"`
	Fetched      time.Time `json:"fetched"`
	// Skipped counts links and devices, which are never unpacked.
	Skipped int `json:"skipped,omitempty"`
}

func (c copied) warnings(from string) []string {
	if c.Skipped == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%d links or special files in %s are left out", c.Skipped, from)}
}

func openShelf(cacheDir, source string) (*shelf, error) {
	if cacheDir == "" {
		return nil, errors.New("an archive needs a cache folder to be unpacked in; set one")
	}
	sum := sha256.Sum256([]byte(source))
	dir, err := filepath.Abs(filepath.Join(cacheDir, hex.EncodeToString(sum[:8])))
	if err != nil {
		return nil, fmt.Errorf("find the cache folder %s: %w", cacheDir, err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make the cache folder: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open the cache folder: %w", err)
	}
	return &shelf{dir, root, syncFile}, nil
}

func (s *shelf) close() { s.root.Close() }

func (s *shelf) path(rel string) string { return filepath.Join(s.dir, filepath.FromSlash(rel)) }

func temporaryName() string { return "tmp-" + strings.ToLower(rand.Text()) }

// recall returns the copy that counts, if there is one.
func (s *shelf) recall() (copied, bool) {
	data, err := s.root.ReadFile(recordFile)
	if err != nil {
		return copied{}, false
	}
	var c copied
	if json.Unmarshal(data, &c) != nil || !filepath.IsLocal(c.Tree) {
		return copied{}, false
	}
	info, err := s.root.Stat(c.Tree)
	return c, err == nil && info.IsDir()
}

// remember makes a copy the one that counts. The one before it stays, since
// someone may be reading it.
func (s *shelf) remember(c copied) error {
	before, _ := s.recall()
	data, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("describe the copy of the courses: %w", err)
	}
	name := temporaryName()
	if err := s.root.WriteFile(name, data, 0o644); err != nil {
		return fmt.Errorf("write to the cache: %w", err)
	}
	if err := s.flush(name); err != nil {
		s.root.Remove(name)
		return err
	}
	if err := s.root.Rename(name, recordFile); err != nil {
		s.root.Remove(name)
		return fmt.Errorf("write to the cache: %w", err)
	}
	if err := s.flush("."); err != nil {
		return err
	}
	s.tidy(time.Now(), c, before)
	return nil
}

// tidy removes copies that neither count nor counted last.
func (s *shelf) tidy(now time.Time, kept ...copied) {
	s.removeOld(now, func(name string) bool {
		for _, c := range kept {
			if c.Tree != "" && path.Dir(c.Tree) == name {
				return false
			}
		}
		return name != recordFile
	})
}

// sweep removes what crashed processes have left. Work of others that is still
// going on is younger.
func (s *shelf) sweep(now time.Time) {
	s.removeOld(now, func(name string) bool { return strings.HasPrefix(name, "tmp-") })
}

func (s *shelf) removeOld(now time.Time, unwanted func(name string) bool) {
	entries, err := fs.ReadDir(s.root.FS(), ".")
	if err != nil {
		return // tidying can wait for the next time
	}
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && now.Sub(info.ModTime()) > abandoned && unwanted(e.Name()) {
			s.root.RemoveAll(e.Name())
		}
	}
}

// archive is a received archive, in a temporary file of the shelf.
type archive struct {
	shelf  *shelf
	file   *os.File
	name   string
	size   int64
	digest string
}

func (a *archive) discard() {
	a.file.Close()
	a.shelf.root.Remove(a.name)
}

func tooLarge(limit int64) error {
	return fmt.Errorf("the archive is larger than %d MiB; split it or raise the limit", limit>>20)
}

// receive keeps a whole archive in a temporary file, at most limit bytes.
func (s *shelf) receive(from io.Reader, limit int64) (*archive, error) {
	name := temporaryName()
	file, err := s.root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("write to the cache: %w", err)
	}
	a := &archive{shelf: s, file: file, name: name}
	hash := sha256.New()
	a.size, err = io.Copy(io.MultiWriter(file, hash), io.LimitReader(from, limit+1))
	if err == nil && a.size > limit {
		err = tooLarge(limit)
	}
	if err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		a.discard()
		return nil, err
	}
	a.digest = hex.EncodeToString(hash.Sum(nil)[:16])
	return a, nil
}

// store unpacks an archive and returns its copy, which does not count until it
// is remembered. An archive that is there already is not unpacked again. Name
// is what its folder is called.
func (s *shelf) store(ctx context.Context, a *archive, name string, limits Limits) (copied, error) {
	c := copied{Tree: path.Join(a.digest, course.ID(name)), Fetched: time.Now()}
	if known, have := s.recall(); have && known.Tree == c.Tree {
		c.Skipped = known.Skipped
		return c, nil
	}
	work := temporaryName()
	defer s.root.RemoveAll(work)
	if err := s.root.MkdirAll(path.Join(work, "tree"), 0o755); err != nil {
		return copied{}, fmt.Errorf("write to the cache: %w", err)
	}
	tree, err := s.root.OpenRoot(path.Join(work, "tree"))
	if err != nil {
		return copied{}, fmt.Errorf("write to the cache: %w", err)
	}
	defer tree.Close()
	c.Skipped, err = unpack(ctx, tree, a.file, a.size, limits)
	if err != nil {
		return copied{}, err
	}
	whole := path.Join(work, "tree")
	if top, ok := onlyFolder(tree); ok {
		whole = path.Join(whole, top)
	}
	ready := temporaryName()
	defer s.root.RemoveAll(ready)
	if err := s.root.Mkdir(ready, 0o755); err != nil {
		return copied{}, fmt.Errorf("write to the cache: %w", err)
	}
	if err := s.root.Rename(whole, path.Join(ready, path.Base(c.Tree))); err != nil {
		return copied{}, fmt.Errorf("write to the cache: %w", err)
	}
	if err := s.flushTree(ready); err != nil {
		return copied{}, err
	}
	if err := s.root.Rename(ready, a.digest); err != nil {
		// Another process may have been faster with the same archive.
		if info, statErr := s.root.Stat(c.Tree); statErr != nil || !info.IsDir() {
			return copied{}, fmt.Errorf("write to the cache: %w", err)
		}
	}
	return c, s.flush(".")
}

// onlyFolder returns the single folder that holds everything else, as archives
// of repositories have.
func onlyFolder(tree *os.Root) (string, bool) {
	entries, err := fs.ReadDir(tree.FS(), ".")
	if err != nil || len(entries) != 1 || !entries[0].IsDir() {
		return "", false
	}
	return entries[0].Name(), true
}
