package source

import (
	"archive/tar"
	"context"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// origin is a server of one archive that tests can change.
type origin struct {
	*httptest.Server
	mu       sync.Mutex
	handler  http.HandlerFunc
	requests atomic.Int32
}

func newOrigin(t *testing.T, handler http.HandlerFunc) *origin {
	o := &origin{handler: handler}
	o.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o.requests.Add(1)
		o.mu.Lock()
		h := o.handler
		o.mu.Unlock()
		h(w, r)
	}))
	t.Cleanup(o.Close)
	return o
}

func (o *origin) answer(handler http.HandlerFunc) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.handler = handler
}

func (o *origin) spec() Spec {
	return Spec{URL: o.URL + "/teacher/lessons/archive/refs/heads/main.tar.gz"}
}

func serving(archive []byte, etag string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if etag != "" {
			w.Header().Set("ETag", etag)
			if r.Header.Get("If-None-Match") == etag {
				w.WriteHeader(http.StatusNotModified)
				return
			}
		}
		w.Write(archive)
	}
}

func failing(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }
}

func repository(t *testing.T, text string) []byte {
	return pack(t, entry{name: "lessons-main/"}, entry{name: "lessons-main/first/CLAUDE.md", body: text})
}

func read(t *testing.T, f Folder, name string) string {
	t.Helper()
	body, err := os.ReadFile(filepath.Join(f.Dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// noLeftovers fails if work in progress was left in the cache.
func noLeftovers(t *testing.T, cache string) {
	t.Helper()
	err := filepath.WalkDir(cache, func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasPrefix(d.Name(), "tmp-") {
			t.Errorf("%s was left behind", path)
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestFolderIsReturnedAsItIs(t *testing.T) {
	dir := t.TempDir()
	f, err := Open(context.Background(), Spec{Path: dir}, Options{})
	if err != nil || f.Dir != dir || f.Warnings != nil {
		t.Errorf("%+v, %v", f, err)
	}
}

func TestSpecsThatCannotWork(t *testing.T) {
	file := filepath.Join(t.TempDir(), "notes.txt")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		spec Spec
		says string
	}{
		"nothing":    {Spec{}, "either a path or a url"},
		"both":       {Spec{Path: "a", URL: "https://b"}, "either a path or a url"},
		"missing":    {Spec{Path: filepath.Join(t.TempDir(), "none")}, "does not exist"},
		"relative":   {Spec{Path: "none"}, "the course folder " + filepath.Join(here, "none") + " does not exist; make it"},
		"other file": {Spec{Path: file}, "neither a folder nor a .tar.gz"},
		"scheme":     {Spec{URL: "ftp://host/a.tar.gz"}, "http or https"},
		"no url":     {Spec{URL: "https://user:secret@[broken"}, "cannot be read"},
		"no cache":   {Spec{URL: "https://host/a.tar.gz"}, "cache folder"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Open(context.Background(), test.spec, Options{})
			if err == nil || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "secret") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestArchiveIsFetchedOnceAndAgainWhenItChanges(t *testing.T) {
	o := newOrigin(t, serving(repository(t, "one"), `"1"`))
	opts := Options{CacheDir: t.TempDir(), HTTPClient: o.Client()}
	first, err := Open(context.Background(), o.spec(), opts)
	if err != nil {
		t.Fatal(err)
	}
	if read(t, first, "first/CLAUDE.md") != "one" || filepath.Base(first.Dir) != "lessons" {
		t.Errorf("the top folder should be stripped and the repository name the folder: %s", first.Dir)
	}
	// A changed file shows that an unchanged archive is not unpacked again.
	if err := os.WriteFile(filepath.Join(first.Dir, "first/CLAUDE.md"), []byte("touched"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, handler := range []http.HandlerFunc{serving(repository(t, "one"), `"1"`), serving(repository(t, "one"), `"2"`)} {
		o.answer(handler)
		again, err := Open(context.Background(), o.spec(), opts)
		if err != nil || again.Dir != first.Dir || read(t, again, "first/CLAUDE.md") != "touched" {
			t.Errorf("an unchanged archive was unpacked again: %+v, %v", again, err)
		}
	}
	o.answer(serving(repository(t, "two"), `"3"`))
	second, err := Open(context.Background(), o.spec(), opts)
	if err != nil || read(t, second, "first/CLAUDE.md") != "two" {
		t.Errorf("%+v, %v", second, err)
	}
	if read(t, first, "first/CLAUDE.md") != "touched" {
		t.Error("the copy before should stay for those who read it")
	}
	if o.requests.Load() != 4 {
		t.Errorf("%d requests", o.requests.Load())
	}
	noLeftovers(t, opts.CacheDir)
}

func TestLastModifiedStandsInForAnETag(t *testing.T) {
	const date = "Mon, 02 Jan 2006 15:04:05 GMT"
	archive := repository(t, "one")
	o := newOrigin(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Last-Modified", date)
		if r.Header.Get("If-Modified-Since") == date {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Write(archive)
	})
	opts := Options{CacheDir: t.TempDir()}
	for range 2 {
		if f, err := Open(context.Background(), o.spec(), opts); err != nil || read(t, f, "first/CLAUDE.md") != "one" {
			t.Fatal(f, err)
		}
	}
}

func TestArchiveWithoutTopFolder(t *testing.T) {
	o := newOrigin(t, serving(pack(t, entry{name: "a/CLAUDE.md", body: "A"}, entry{name: "b/CLAUDE.md", body: "B"}), ""))
	f, err := Open(context.Background(), Spec{URL: o.URL + "/Talks%202.tgz?token=secret"}, Options{CacheDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if read(t, f, "a/CLAUDE.md")+read(t, f, "b/CLAUDE.md") != "AB" || filepath.Base(f.Dir) != "talks-2" {
		t.Errorf("%+v", f)
	}
}

// brokenAnswer is a way in which fetching fails.
type brokenAnswer struct {
	handler http.HandlerFunc
	limits  Limits
	says    string
}

func brokenAnswers(t *testing.T) map[string]brokenAnswer {
	big := repository(t, string(noise(4096)))
	return map[string]brokenAnswer{
		"404": {handler: failing(404), says: "check the address, the branch"},
		"403": {handler: failing(403), says: "not public"},
		"500": {handler: failing(500), says: "try again later"},
		"418": {handler: failing(418), says: "check the address"},
		// Without a copy this answer makes no sense.
		"304":     {handler: failing(304), says: "304"},
		"too big": {handler: serving(big, ""), limits: Limits{Compressed: 1000}, says: "larger than"},
		"too big, unannounced": {handler: func(w http.ResponseWriter, _ *http.Request) {
			w.(http.Flusher).Flush()
			w.Write(big)
		}, limits: Limits{Compressed: 1000}, says: "larger than"},
		"cut off": {handler: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "9999")
			w.Write(big[:100])
		}, says: "the connection ended"},
		"truncated": {handler: serving(big[:len(big)/2], ""), says: "too early"},
		"not gzip":  {handler: serving([]byte("<html>log in</html>"), ""), says: "not a gzip file"},
		"traversal": {handler: serving(pack(t, entry{name: "a/../../x", body: "x"}), ""), says: "leads out"},
		"bomb":      {handler: serving(pack(t, entry{name: "x", body: strings.Repeat("0", 8<<20)}), ""), says: "times its size"},
		"slow": {handler: func(w http.ResponseWriter, r *http.Request) {
			w.Write(big[:100])
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}, limits: Limits{Timeout: 50 * time.Millisecond}, says: "longer than allowed"},
	}
}

// noise returns bytes that do not compress well, the same every time.
func noise(n int) []byte {
	out := make([]byte, n)
	x := uint32(1)
	for i := range out {
		x = x*1664525 + 1013904223
		out[i] = byte(x >> 24)
	}
	return out
}

func TestFailedFetchSaysWhyAndLeavesNothing(t *testing.T) {
	for name, test := range brokenAnswers(t) {
		t.Run(name, func(t *testing.T) {
			o := newOrigin(t, test.handler)
			cache := t.TempDir()
			_, err := Open(context.Background(), o.spec(), Options{CacheDir: cache, Limits: test.limits})
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v; want something with %q", err, test.says)
			}
			noLeftovers(t, cache)
		})
	}
}

func TestFailedFetchFallsBackOnTheLastCopy(t *testing.T) {
	for name, test := range brokenAnswers(t) {
		if name == "304" {
			continue // with a copy this is the good answer
		}
		t.Run(name, func(t *testing.T) {
			o := newOrigin(t, serving(repository(t, "one"), `"1"`))
			opts := Options{CacheDir: t.TempDir()}
			if _, err := Open(context.Background(), o.spec(), opts); err != nil {
				t.Fatal(err)
			}
			o.answer(test.handler)
			opts.Limits = test.limits
			f, err := Open(context.Background(), o.spec(), opts)
			if err != nil || read(t, f, "first/CLAUDE.md") != "one" {
				t.Fatalf("%+v, %v", f, err)
			}
			if len(f.Warnings) != 1 || !strings.Contains(f.Warnings[0], test.says) || !strings.Contains(f.Warnings[0], "is used instead") {
				t.Errorf("warnings %q", f.Warnings)
			}
			noLeftovers(t, opts.CacheDir)
		})
	}
}

func TestUnreachableServerFallsBackToo(t *testing.T) {
	o := newOrigin(t, serving(repository(t, "one"), ""))
	opts := Options{CacheDir: t.TempDir()}
	if _, err := Open(context.Background(), o.spec(), opts); err != nil {
		t.Fatal(err)
	}
	o.Close()
	if f, err := Open(context.Background(), o.spec(), opts); err != nil || len(f.Warnings) != 1 {
		t.Errorf("%+v, %v", f, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Open(ctx, o.spec(), opts); !errors.Is(err, context.Canceled) {
		t.Errorf("an ended context must not look like a success: %v", err)
	}
}

func TestLinksAreTold(t *testing.T) {
	o := newOrigin(t, serving(pack(t, entry{name: "c/CLAUDE.md", body: "C"}, entry{name: "c/l", kind: tar.TypeSymlink, link: "/etc/passwd"}), `"1"`))
	opts := Options{CacheDir: t.TempDir()}
	for range 2 { // also when it comes from the cache
		f, err := Open(context.Background(), o.spec(), opts)
		if err != nil || len(f.Warnings) != 1 || !strings.Contains(f.Warnings[0], "1 links") {
			t.Errorf("%+v, %v", f, err)
		}
	}
}

func TestDamagedRecordMeansFetchingAgain(t *testing.T) {
	o := newOrigin(t, serving(repository(t, "one"), `"1"`))
	opts := Options{CacheDir: t.TempDir()}
	f, err := Open(context.Background(), o.spec(), opts)
	if err != nil {
		t.Fatal(err)
	}
	shelfDir := filepath.Dir(filepath.Dir(f.Dir))
	for _, record := range []string{"{", `{"tree":"../../elsewhere","etag":"\"1\""}`, `{"tree":"gone/x","etag":"\"1\""}`} {
		if err := os.WriteFile(filepath.Join(shelfDir, recordFile), []byte(record), 0o644); err != nil {
			t.Fatal(err)
		}
		if again, err := Open(context.Background(), o.spec(), opts); err != nil || again.Dir != f.Dir {
			t.Errorf("record %q: %+v, %v", record, again, err)
		}
	}
}

func TestOldWorkAndOldCopiesAreRemoved(t *testing.T) {
	o := newOrigin(t, serving(repository(t, "1"), ""))
	opts := Options{CacheDir: t.TempDir()}
	var dirs []string
	for _, text := range []string{"1", "2", "3"} {
		o.answer(serving(repository(t, text), ""))
		f, err := Open(context.Background(), o.spec(), opts)
		if err != nil {
			t.Fatal(err)
		}
		dirs = append(dirs, f.Dir)
		old := time.Now().Add(-2 * abandoned)
		if err := os.Chtimes(filepath.Dir(f.Dir), old, old); err != nil {
			t.Fatal(err)
		}
		crashed := filepath.Join(filepath.Dir(filepath.Dir(f.Dir)), "tmp-crashed")
		if err := os.WriteFile(crashed, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(crashed, old, old); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Open(context.Background(), o.spec(), opts); err != nil {
		t.Fatal(err)
	}
	for i, dir := range dirs {
		_, err := os.Stat(dir)
		if kept := err == nil; kept != (i == 2) && i != 1 {
			t.Errorf("copy %d kept: %v", i+1, kept)
		}
	}
	noLeftovers(t, opts.CacheDir)
}

func TestManyAtOnceGetTheSameCopy(t *testing.T) {
	o := newOrigin(t, serving(repository(t, "one"), ""))
	opts := Options{CacheDir: t.TempDir()}
	var wait sync.WaitGroup
	dirs := make([]string, 8)
	for i := range dirs {
		wait.Go(func() {
			f, err := Open(context.Background(), o.spec(), opts)
			if err != nil {
				t.Error(err)
			}
			dirs[i] = f.Dir
		})
	}
	wait.Wait()
	for _, dir := range dirs {
		if dir != dirs[0] {
			t.Errorf("%s and %s", dir, dirs[0])
		}
	}
	noLeftovers(t, opts.CacheDir)
}

func TestLocalArchive(t *testing.T) {
	file := filepath.Join(t.TempDir(), "My Lessons.tar.gz")
	opts := Options{CacheDir: t.TempDir()}
	for _, text := range []string{"one", "two"} {
		if err := os.WriteFile(file, repository(t, text), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := Open(context.Background(), Spec{Path: file}, opts)
		if err != nil || read(t, f, "first/CLAUDE.md") != text || filepath.Base(f.Dir) != "my-lessons" {
			t.Errorf("%+v, %v", f, err)
		}
	}
	if err := os.WriteFile(file, []byte("no archive"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(context.Background(), Spec{Path: file}, opts); err == nil || !strings.Contains(err.Error(), "not a gzip file") {
		t.Errorf("a broken local file must be an error, not an old copy: %v", err)
	}
	noLeftovers(t, opts.CacheDir)
}
