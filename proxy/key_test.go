package proxy

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestKeyFileThatChanges goes the way of a Secret in Kubernetes: a link to a
// folder is swapped for another.
func TestKeyFileThatChanges(t *testing.T) {
	dir := t.TempDir()
	publish := func(version, text string) {
		t.Helper()
		folder := filepath.Join(dir, version)
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		if text != "" {
			if err := os.WriteFile(filepath.Join(folder, "key"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		link := filepath.Join(dir, "next")
		if err := os.Symlink(version, link); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(link, filepath.Join(dir, "now")); err != nil {
			t.Fatal(err)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		source := KeyFile(filepath.Join(dir, "now", "key"))
		if key, err := source.Key(); err == nil {
			t.Fatalf("before there is a file: %q", key)
		}
		for _, c := range []struct{ version, text, want string }{
			{"1", "first\n", "first"},
			{"2", " secnd\r\n", "secnd"}, // as long as the first
			{"3", "", ""},                // no file
			{"4", "third", "third"},
			{"5", " \n", ""},
			{"6", "two words", ""},
			{"7", "with\x00nul", ""},
			{"8", "schlüssel", ""},
			{"9", strings.Repeat("x", maxKeyFile+1), ""},
			{"10", "last", "last"},
		} {
			publish(c.version, c.text)
			time.Sleep(lookEvery)
			key, err := source.Key()
			if key != c.want || (err == nil) != (c.want != "") {
				t.Errorf("%q is read as %q, %v", c.text, key, err)
			}
			if text := strings.TrimSpace(c.text); err != nil && text != "" && strings.Contains(err.Error(), text) {
				t.Errorf("the error has it: %v", err)
			}
		}
	})
}

func TestFixedKey(t *testing.T) {
	if source, err := FixedKey(" a-key\n"); err != nil {
		t.Error(err)
	} else if key, _ := source.Key(); key != "a-key" {
		t.Errorf("it is read as %q", key)
	}
	for _, text := range []string{"", " ", "a\r\nX-Evil: b"} {
		if _, err := FixedKey(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

func TestWithoutAKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	l := newLab(t, func(o *Options) { o.Key = KeyFile(path) })
	res, text := l.ask(okBody, nil)
	l.refused("no key", res, text, http.StatusServiceUnavailable, "api_error")
	if got := ready(l.proxy); got != http.StatusServiceUnavailable {
		t.Errorf("without a key it is ready: %d", got)
	}
}

func ready(p *Proxy) int {
	answer := httptest.NewRecorder()
	p.Health().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/readyz", nil))
	return answer.Code
}

func TestReady(t *testing.T) {
	l := newLab(t, nil)
	if got := ready(l.proxy); got != http.StatusOK {
		t.Errorf("with a key it is not: %d", got)
	}
	l.gateway.set(true, nil)
	if got := ready(l.proxy); got != http.StatusOK {
		t.Errorf("without a budget it asks the gateway: %d", got)
	}
	limited := newLab(t, func(o *Options) { o.TokensPerDay = 1 })
	if got := ready(limited.proxy); got != http.StatusOK {
		t.Errorf("with a gateway that answers: %d", got)
	}
	limited.gateway.set(true, nil)
	if got := ready(limited.proxy); got != http.StatusServiceUnavailable {
		t.Errorf("with a gateway that is down: %d", got)
	}
}
