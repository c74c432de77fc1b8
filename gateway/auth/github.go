package auth

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

const (
	fetchTimeout  = 5 * time.Second
	largestAnswer = 256 << 10
	longestETag   = 256
	mostRedirects = 3
	// shortestPause and longestPause bound how long GitHub can send us away.
	shortestPause = 10 * time.Second
	longestPause  = 5 * time.Minute
)

// errNoAccount is GitHub's 404.
var errNoAccount = errors.New("no such account")

// pauseError is GitHub's wish to be left alone.
type pauseError struct {
	status string
	pause  time.Duration
}

func (e *pauseError) Error() string {
	return fmt.Sprintf("GitHub answers %s and asks for a pause of %v", e.status, e.pause)
}

// answer is what GitHub said about an account.
type answer struct {
	// notModified: the keys are those that came with the given ETag.
	notModified bool
	etag        string
	prints      []fingerprint
}

// gitHub fetches the keys of accounts.
type gitHub struct {
	base   *url.URL
	client *http.Client
	// timeout is how long one fetch may take, to the last byte.
	timeout time.Duration
	// close lets go of idle connections, where they are ours.
	close func()
}

func newGitHub(address string, client *http.Client) (*gitHub, error) {
	base, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("use the address of GitHub: %w", err)
	}
	if base.Scheme != "https" && base.Scheme != "http" || base.Host == "" || base.User != nil || base.RawQuery != "" || base.Fragment != "" {
		return nil, fmt.Errorf("the address of GitHub is %q, give one like https://github.com", base.Redacted())
	}
	closeIdle := func() {}
	if client == nil {
		client = &http.Client{}
		if standard, ok := http.DefaultTransport.(*http.Transport); ok {
			client.Transport = standard.Clone()
			closeIdle = client.CloseIdleConnections
		}
	}
	ours := *client
	ours.CheckRedirect = sameHostOnly
	ours.Jar = nil
	return &gitHub{base: base, client: &ours, timeout: fetchTimeout, close: closeIdle}, nil
}

// sameHostOnly keeps whoever can write a redirect from choosing whose keys
// count.
func sameHostOnly(request *http.Request, before []*http.Request) error {
	first := before[0].URL
	if request.URL.Host != first.Host || request.URL.Scheme != first.Scheme {
		return fmt.Errorf("redirected to another host, %s", request.URL.Host)
	}
	if len(before) > mostRedirects {
		return errors.New("redirected too often")
	}
	return nil
}

// fetch asks for the keys of an account; etag is that of the last answer, or
// empty. The error is errNoAccount, a *pauseError, or another that means that
// GitHub cannot be reached.
func (g *gitHub) fetch(ctx context.Context, login, etag string) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, g.timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, g.base.JoinPath(login+".keys").String(), nil)
	if err != nil {
		return answer{}, err
	}
	request.Header.Set("Accept", "text/plain")
	request.Header.Set("User-Agent", "lectern")
	if etag != "" {
		request.Header.Set("If-None-Match", etag)
	}
	response, err := g.client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	switch code := response.StatusCode; {
	case code == http.StatusOK:
		return readAnswer(response)
	case code == http.StatusNotModified && etag != "":
		return answer{notModified: true, etag: etag}, nil
	case code == http.StatusNotFound:
		return answer{}, errNoAccount
	case code == http.StatusTooManyRequests, code == http.StatusServiceUnavailable && response.Header.Get("Retry-After") != "":
		return answer{}, &pauseError{response.Status, pauseOf(response.Header.Get("Retry-After"))}
	}
	return answer{}, fmt.Errorf("GitHub answers %s", response.Status)
}

func readAnswer(response *http.Response) (answer, error) {
	kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	if kind == "text/html" || kind == "application/xhtml+xml" {
		return answer{}, errors.New("the answer is a web page, not a list of keys")
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, largestAnswer+1))
	if err != nil {
		return answer{}, fmt.Errorf("read the list of keys: %w", err)
	}
	if len(body) > largestAnswer {
		return answer{}, fmt.Errorf("the list of keys is larger than %d bytes", largestAnswer)
	}
	if bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")) {
		return answer{}, errors.New("the answer is a web page, not a list of keys")
	}
	prints, err := parseKeyList(body)
	if err != nil {
		return answer{}, err
	}
	etag := response.Header.Get("ETag")
	if len(etag) > longestETag {
		etag = ""
	}
	return answer{etag: etag, prints: prints}, nil
}

// pauseOf reads Retry-After, which is in seconds or a date.
func pauseOf(retryAfter string) time.Duration {
	pause := shortestPause
	if seconds, err := strconv.Atoi(retryAfter); err == nil {
		pause = time.Duration(min(seconds, int(longestPause/time.Second))) * time.Second
	} else if at, err := http.ParseTime(retryAfter); err == nil {
		pause = time.Until(at)
	}
	return min(max(pause, shortestPause), longestPause)
}
