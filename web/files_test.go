package web

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"testing"

	"lectern/web/page"
)

// TestFiles: all of the page is served as it is, with the type that browsers want.
func TestFiles(t *testing.T) {
	h := newHouse(t)
	b := h.stranger()
	kinds := map[string]string{
		".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".mjs": "text/javascript; charset=utf-8",
		".css": "text/css; charset=utf-8", ".svg": "image/svg+xml", ".txt": "text/plain; charset=utf-8",
	}
	n := 0
	err := fs.WalkDir(page.Files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		n++
		want, err := fs.ReadFile(page.Files, name)
		if err != nil {
			return err
		}
		path := "/" + strings.TrimSuffix(name, "index.html")
		r := b.get(path)
		r.want(http.StatusOK)
		if !bytes.Equal(r.body, want) || r.Header.Get("Content-Security-Policy") != page.Policy || r.Header.Get("Cache-Control") != "no-cache" {
			t.Errorf("%s is another file, or without its policy: %v", path, r.Header)
		}
		for ending, kind := range kinds {
			if strings.HasSuffix(name, ending) && r.Header.Get("Content-Type") != kind {
				t.Errorf("%s is of type %q", path, r.Header.Get("Content-Type"))
			}
		}
		zipped := b.get(path, func(r *http.Request) { r.Header.Set("Accept-Encoding", "br, gzip") })
		if zipped.Header.Get("Content-Encoding") == "gzip" {
			reader, err := gzip.NewReader(bytes.NewReader(zipped.body))
			if err != nil {
				return err
			}
			if got, err := io.ReadAll(reader); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s is zipped another file: %v", path, err)
			}
		}
		same := b.get(path, func(q *http.Request) { q.Header.Set("If-None-Match", r.Header.Get("ETag")) })
		same.want(http.StatusNotModified)
		head := b.request(http.MethodHead, path, nil)
		head.want(http.StatusOK)
		if len(head.body) != 0 || head.Header.Get("Content-Length") == "0" {
			t.Errorf("HEAD of %s has %d bytes of %s", path, len(head.body), head.Header.Get("Content-Length"))
		}
		return nil
	})
	if err != nil || n < 10 {
		t.Errorf("%d files, %v", n, err)
	}
	for _, accept := range []string{"", "gzip;q=0", "identity", "x-gzip-not"} {
		r := b.get("/main.js", func(r *http.Request) { r.Header.Set("Accept-Encoding", accept) })
		if r.Header.Get("Content-Encoding") != "" {
			t.Errorf("Accept-Encoding %q gets %q", accept, r.Header.Get("Content-Encoding"))
		}
	}
}

// TestNoOtherFiles: there is nothing but the page, however it is asked for.
func TestNoOtherFiles(t *testing.T) {
	h := newHouse(t)
	b := h.stranger()
	for _, path := range []string{
		"/index.html", "/page.go", "/testdata/", "/vendor", "/vendor/", "/vendor/package-lock.json", "/main.js/", "/main.js%00", "/MAIN.JS",
		"/..%2fmain.js", "/%2e%2e/%2e%2e/etc/passwd", "/vendor/..%2f..%2f..%2fgo.mod", "/..%5c..%5cgo.mod", "/.", "/api", "/healthz", "/metrics",
		"/" + strings.Repeat("a", 3000),
	} {
		r := b.get(path)
		if r.StatusCode != http.StatusNotFound && r.StatusCode != http.StatusMovedPermanently && r.StatusCode != http.StatusTemporaryRedirect {
			t.Errorf("%s is answered by %d: %.80s", path, r.StatusCode, r.body)
		}
		if to := r.Header.Get("Location"); to != "" && (!strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//")) {
			t.Errorf("%s leads to %q", path, to)
		}
	}
	for _, path := range []string{"//elsewhere.example/%2e%2e", "//elsewhere.example"} {
		if to := b.get(path).Header.Get("Location"); strings.HasPrefix(to, "//") || strings.Contains(to, ":") {
			t.Errorf("%s leads to %q", path, to)
		}
	}
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodOptions, http.MethodTrace} {
		for _, path := range []string{"/", "/health", "/api/courses"} {
			b.request(method, path, nil).refused(http.StatusMethodNotAllowed, "use GET or HEAD")
		}
		b.request(method, "/nothing", nil).refused(http.StatusNotFound, "nothing here")
		b.request(method, "/api/nothing", nil).refused(http.StatusNotFound, "no such call")
	}
}
