package web

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
)

// spec is openapi.yaml, and what the tests have seen of it. Every answer that
// any test gets is compared with it.
var spec = sync.OnceValue(func() *described {
	// The names of formats and methods are global in the library.
	openapi3.DefineStringFormatValidator("date-time", openapi3.NewRegexpFormatValidator(openapi3.FormatOfStringDateTime))
	openapi3filter.RegisterBodyDecoder("application/problem+json", openapi3filter.JSONBodyDecoder)
	doc, err := openapi3.NewLoader().LoadFromData(openAPI)
	if err == nil {
		err = doc.Validate(context.Background())
	}
	if err != nil {
		panic(fmt.Errorf("openapi.yaml: %w", err))
	}
	router, err := legacy.NewRouter(doc)
	if err != nil {
		panic(fmt.Errorf("openapi.yaml: %w", err))
	}
	return &described{doc: doc, router: router, seen: map[string]bool{}}
})

type described struct {
	doc    *openapi3.T
	router routers.Router

	mu   sync.Mutex
	seen map[string]bool
}

func (d *described) saw(method, path string, status int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.seen[fmt.Sprintf("%s %s %d", method, path, status)] = true
}

// compare wants an answer to be one that openapi.yaml describes.
func (a *answered) compare(sent *http.Request) {
	a.t.Helper()
	d := spec()
	asked := &http.Request{Method: sent.Method, URL: &url.URL{Path: sent.URL.Path, RawQuery: sent.URL.RawQuery}, Header: sent.Header}
	if asked.Method == http.MethodHead {
		return // no body is described for it
	}
	route, params, err := d.router.FindRoute(asked)
	if err != nil {
		return
	}
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: asked, PathParams: params, Route: route},
		Status:                 a.StatusCode, Header: a.Header, Body: io.NopCloser(bytes.NewReader(a.body)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	}
	if err := openapi3filter.ValidateResponse(a.t.Context(), input); err != nil {
		a.t.Errorf("%s is not answered as openapi.yaml says: %v\n%s", a.what, err, a.body)
	}
	d.saw(route.Method, route.Path, a.StatusCode)
}

// undescribed are the answers of the file that no test has had, but for faults.
func undescribed() (missing []string) {
	d := spec()
	for path, item := range d.doc.Paths.Map() {
		for method, operation := range item.Operations() {
			for status := range operation.Responses.Map() {
				if one := method + " " + path + " " + status; !d.seen[one] && status != "500" && status != "503" {
					missing = append(missing, one)
				}
			}
		}
	}
	slices.Sort(missing)
	return missing
}

// filtered tells whether only some of the tests run.
func filtered() bool {
	for _, name := range []string{"test.run", "test.skip", "test.list", "test.fuzz", "test.bench"} {
		if f := flag.Lookup(name); f != nil && f.Value.String() != "" {
			return true
		}
	}
	return false
}

// TestRoutes: every route of the server is in the file, and every path of the
// file is one of the server.
func TestRoutes(t *testing.T) {
	var served, described []string
	for _, r := range newHouse(t).server.routes() {
		served = append(served, r.method+" "+r.path)
	}
	for path, item := range spec().doc.Paths.Map() {
		for method := range item.Operations() {
			described = append(described, method+" "+path)
		}
	}
	slices.Sort(served)
	slices.Sort(described)
	if !slices.Equal(served, described) {
		t.Errorf("the server has\n%s\nand openapi.yaml\n%s", strings.Join(served, "\n"), strings.Join(described, "\n"))
	}
}

// TestUniformRefusals goes to every route that wants a learner, as those whom
// none of them lets in.
func TestUniformRefusals(t *testing.T) {
	h := newHouse(t)
	b := h.visit(ada)
	for _, r := range h.server.routes() {
		if r.path == health {
			continue
		}
		path := strings.NewReplacer("{id}", "s1", "{login}", "ada", "{course}", "tides").Replace(r.path)
		b.request(r.method, path, map[string]string{}, func(r *http.Request) { r.Host = "elsewhere.example" }).refused(http.StatusMisdirectedRequest, h.opts.PublicURL)
		b.request(r.method, path, map[string]string{}, func(r *http.Request) { r.Header.Set("Origin", "http://elsewhere.example") }).refused(http.StatusForbidden, "other sites")
		if path == "/api/sign-in" || path == "/api/openapi.yaml" {
			continue
		}
		h.stranger().request(r.method, path, map[string]string{}).refused(http.StatusUnauthorized, "web, over ssh")
	}
}

func TestDescription(t *testing.T) {
	h := newHouse(t)
	r := h.stranger().get("/api/openapi.yaml")
	r.want(http.StatusOK)
	if !bytes.Equal(r.body, openAPI) {
		t.Error("it is another file")
	}
	h.stranger().get("/health").want(http.StatusOK)
}
