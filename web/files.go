package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"lectern/web/page"
)

// file is one that browsers load, ready to be sent.
type file struct {
	content, zipped []byte
	kind            string
	etag            string // a weak one, being that of both
}

// pageFiles is the page, which never changes while the program runs.
var pageFiles = sync.OnceValues(func() (map[string]file, error) { return loadFiles(page.Files) })

func loadFiles(from fs.FS) (map[string]file, error) {
	files := make(map[string]file)
	err := fs.WalkDir(from, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(from, name)
		if err != nil {
			return err
		}
		var zipped bytes.Buffer
		w, err := gzip.NewWriterLevel(&zipped, gzip.BestCompression)
		if err == nil {
			_, err = w.Write(content)
		}
		if err == nil {
			err = w.Close()
		}
		if err != nil {
			return err
		}
		sum := sha256.Sum256(content)
		files["/"+name] = file{content, zipped.Bytes(), kindOf(name), `W/"` + hex.EncodeToString(sum[:12]) + `"`}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the page: %w", err)
	}
	files["/"] = files["/index.html"]
	delete(files, "/index.html")
	return files, nil
}

// kindOf is the media type of a file. That of modules does not hang on what the
// machine happens to know: browsers run them under no other.
func kindOf(name string) string {
	switch path.Ext(name) {
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case "", ".txt":
		return "text/plain; charset=utf-8"
	}
	if kind := mime.TypeByExtension(path.Ext(name)); kind != "" {
		return kind
	}
	return "text/plain; charset=utf-8"
}

// serveFile sends a part of the page. Browsers ask each time whether it is still
// the same, so that a new version of the gateway brings all of its own page.
func (s *Server) serveFile(w http.ResponseWriter, r *http.Request) {
	f, ok := s.files[r.URL.Path]
	switch {
	case !ok:
		refuse(w, http.StatusNotFound, "There is nothing here. The page is at "+s.URL()+".")
		return
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		refuseMethod([]string{http.MethodGet})(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", page.Policy)
	h.Set("Content-Type", f.kind)
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", f.etag)
	h.Set("Vary", "Accept-Encoding")
	content := f.content
	if takesGzip(r) && len(f.zipped) < len(f.content) {
		h.Set("Content-Encoding", "gzip")
		content = f.zipped
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

// takesGzip tells whether a browser takes what is zipped (RFC 9110 section
// 12.5.3). One with a preference that is written otherwise gets the plain file.
func takesGzip(r *http.Request) bool {
	for coding := range strings.SplitSeq(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		if strings.TrimSpace(coding) == "gzip" {
			return true
		}
	}
	return false
}
