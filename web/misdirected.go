package web

import (
	"fmt"
	"html"
	"io"
	"net/http"
	"strings"
)

// refuseName answers who came by a name that is none of the page's: a person with
// a page that leads to the right one, all else with a problem.
func (s *Server) refuseName(w http.ResponseWriter, r *http.Request) {
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	if !reads || r.URL.Path != "/" || !strings.Contains(r.Header.Get("Accept"), "text/html") {
		refuse(w, http.StatusMisdirectedRequest, "This page is reached as "+s.public.String()+" and by no other name.")
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusMisdirectedRequest)
	_, _ = io.WriteString(w, fmt.Sprintf(elsewhere, html.EscapeString(s.URL())))
}

// elsewhere has no style: nothing may be loaded under apiPolicy, and nothing has
// to be for one link.
const elsewhere = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Lectern is at another address</title>
<h1>Lectern is at another address</h1>
<p>This page is reached as <a href="%[1]s">%[1]s</a> and by no other name.</p>
</html>
`
