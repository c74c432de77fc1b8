package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"
)

// openURL fetches an archive, or falls back on the copy that is there.
func openURL(ctx context.Context, address string, opts Options) (Folder, error) {
	u, err := parseAddress(address)
	if err != nil {
		return Folder{}, err
	}
	shelf, err := openShelf(opts.CacheDir, address)
	if err != nil {
		return Folder{}, err
	}
	defer shelf.close()
	shelf.sweep(time.Now())

	known, have := shelf.recall()
	current, err := update(ctx, u, shelf, known, have, opts)
	switch {
	case err == nil:
		return Folder{Dir: shelf.path(current.Tree), Warnings: current.warnings(shown(u))}, nil
	case have && ctx.Err() == nil:
		warning := fmt.Sprintf("%v; the copy of %s is used instead", err, known.Fetched.UTC().Format(time.DateTime+" MST"))
		return Folder{Dir: shelf.path(known.Tree), Warnings: []string{warning}}, nil
	}
	return Folder{}, err
}

func parseAddress(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil {
		// The parser's own error would show the whole address.
		return nil, errors.New("the url of a course source cannot be read; write it as https://host/path.tar.gz")
	}
	if (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" {
		return nil, fmt.Errorf("the course source %s must be an http or https address", shown(u))
	}
	return u, nil
}

// shown is an address as it may stand in messages: without credentials.
func shown(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

// update returns the newest copy. It unpacks only what has changed.
func update(ctx context.Context, u *url.URL, s *shelf, known copied, have bool, opts Options) (copied, error) {
	limited, cancel := context.WithTimeout(ctx, opts.Limits.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(limited, http.MethodGet, u.String(), nil)
	if err != nil {
		return copied{}, fmt.Errorf("ask for the courses at %s: %w", shown(u), withoutURL(err))
	}
	request.Header.Set("User-Agent", "lectern")
	// The archive is what is wanted, not what a transport might make of it.
	request.Header.Set("Accept-Encoding", "identity")
	if have && known.ETag != "" {
		request.Header.Set("If-None-Match", known.ETag)
	}
	if have && known.LastModified != "" {
		request.Header.Set("If-Modified-Since", known.LastModified)
	}
	response, err := client(opts.HTTPClient).Do(request)
	if err != nil {
		return copied{}, fetchError(u, err, opts.Limits)
	}
	defer response.Body.Close()
	switch {
	case response.StatusCode == http.StatusNotModified && have:
		return known, nil
	case response.StatusCode != http.StatusOK:
		return copied{}, statusError(u, response.StatusCode)
	case response.ContentLength > opts.Limits.Compressed:
		return copied{}, fmt.Errorf("fetch the courses at %s: %w", shown(u), tooLarge(opts.Limits.Compressed))
	}
	archive, err := s.receive(response.Body, opts.Limits.Compressed)
	if err != nil {
		return copied{}, fetchError(u, err, opts.Limits)
	}
	defer archive.discard()
	fresh, err := s.store(ctx, archive, repositoryName(u), opts.Limits)
	if err != nil {
		return copied{}, fmt.Errorf("unpack the courses of %s: %w", shown(u), err)
	}
	fresh.ETag, fresh.LastModified = response.Header.Get("ETag"), response.Header.Get("Last-Modified")
	return fresh, s.remember(fresh)
}

func fetchError(u *url.URL, err error, limits Limits) error {
	err = withoutURL(err)
	var timeout net.Error
	if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout() {
		return fmt.Errorf("fetch the courses at %s: it takes longer than allowed (%s in all), so check the network: %w", shown(u), limits.Timeout, err)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("fetch the courses at %s: the connection ended before the archive did, so try again: %w", shown(u), err)
	}
	return fmt.Errorf("fetch the courses at %s: %w", shown(u), err)
}

// withoutURL takes the address off an error of net/http, as it may hold credentials.
func withoutURL(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}

func statusError(u *url.URL, status int) error {
	advice := "try again later"
	switch {
	case status == http.StatusNotFound || status == http.StatusGone:
		advice = "check the address, the branch, and that the repository is public"
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		advice = "it is not public, so use an archive that anyone may fetch"
	case status < 500 && status != http.StatusTooManyRequests:
		advice = "check the address"
	}
	return fmt.Errorf("fetch the courses at %s: the server answers %d %s; %s", shown(u), status, http.StatusText(status), advice)
}

// client returns the given client or one that waits for no part for ever.
func client(given *http.Client) *http.Client {
	if given != nil {
		return given
	}
	const patience = 20 * time.Second
	return &http.Client{Transport: &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: patience}).DialContext,
		TLSHandshakeTimeout:   patience,
		ResponseHeaderTimeout: patience,
		DisableKeepAlives:     true, // one request, no idle connection left behind
		ForceAttemptHTTP2:     true,
	}}
}

// repositoryName names the archive's folder, from which the id of a course
// that is the whole archive is made: the repository where the address is that
// of a GitHub archive, so that the branch is no part of it.
func repositoryName(u *url.URL) string {
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	if len(parts) > 3 && (parts[2] == "archive" || parts[2] == "tar.gz") {
		return parts[1]
	}
	return bareName(path.Base(u.Path))
}
