package auth

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

func newPrivate() (ed25519.PublicKey, ed25519.PrivateKey, error) {
	return ed25519.GenerateKey(rand.Reader)
}

// slow says when it is reached and answers when released.
func slow(reached chan<- struct{}, release <-chan struct{}) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		reached <- struct{}{}
		select {
		case <-release:
		case <-r.Context().Done():
		}
		http.Error(w, "late", http.StatusInternalServerError)
	}
}

func body(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		fmt.Fprint(w, text)
	}
}

// Whatever GitHub does: who is not known is told to come back, and who is
// known gets in with the last known keys, until they are too old.
func TestMisbehaviour(t *testing.T) {
	elsewhere := httptest.NewServer(body("nothing"))
	defer elsewhere.Close()
	junk := strings.Repeat(line(newKey(t)), 64<<10)
	faults := map[string]http.HandlerFunc{
		"500":          status(500),
		"403":          status(403),
		"304 unasked":  status(304),
		"503":          status(503),
		"5 MB of keys": body(junk),
		"html by kind": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
		},
		"html by look":    body("\n <!doctype html><title>Sign in</title>"),
		"plain text":      body("Welcome to the hotel.\nPlease pay.\n"),
		"elsewhere":       http.RedirectHandler(elsewhere.URL+"/alice.keys", http.StatusFound).ServeHTTP,
		"round and round": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) },
		"hang up": func(w http.ResponseWriter, r *http.Request) {
			panic(http.ErrAbortHandler)
		},
		"cut off": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "1000")
			fmt.Fprint(w, "ssh-ed25519 ")
		},
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			github := newFakeGitHub(t)
			key, other := newKey(t), newKey(t)
			github.set("alice", key)
			if name == "304 unasked" {
				// A 304 is an answer to whoever sent an ETag; to others not.
				h := newHouse(t, github, nil)
				github.misbehave(fault)
				h.refuse("alice", key, GitHubUnreachable)
				return
			}
			h := newHouse(t, github, nil)
			h.enrol("alice", key)
			github.misbehave(fault)
			h.refuse("bob", key, GitHubUnreachable, "bob", "Try again")
			h.clock.advance(time.Hour)
			h.welcome("alice", key, Identity{Login: "alice", Via: ViaGitHub})
			h.welcome("lab", key, Identity{Login: "alice", Via: ViaEnrolled})
			h.refuse("alice", other, GitHubUnreachable)
			h.restart()
			h.welcome("lab", key, Identity{Login: "alice", Via: ViaEnrolled})
			h.clock.advance(166 * time.Hour)
			h.welcome("lab", key, Identity{Login: "alice", Via: ViaEnrolled})
			h.clock.advance(2 * time.Hour)
			h.refuse("lab", key, GitHubUnreachable)
			github.misbehave(nil)
			h.clock.advance(failureFor)
			h.welcome("lab", key, Identity{Login: "alice", Via: ViaEnrolled})
		})
	}
}

func TestDown(t *testing.T) {
	github := newFakeGitHub(t)
	key := newKey(t)
	github.set("alice", key)
	h := newHouse(t, github, nil)
	h.enrol("alice", key)
	github.Close()
	h.clock.advance(time.Hour)
	h.welcome("lab", key, Identity{Login: "alice", Via: ViaEnrolled})
	h.refuse("bob", key, GitHubUnreachable)
}

// A failure is remembered for a moment, since a client offers several keys.
func TestFailuresAreNotRepeated(t *testing.T) {
	github := newFakeGitHub(t)
	github.misbehave(status(500))
	h := newHouse(t, github, nil)
	for range 5 {
		h.refuse("alice", newKey(t), GitHubUnreachable)
	}
	if github.requests() != 1 {
		t.Errorf("GitHub was asked %d times", github.requests())
	}
	h.clock.advance(failureFor)
	h.refuse("alice", newKey(t), GitHubUnreachable)
	if github.requests() != 2 {
		t.Errorf("GitHub was asked %d times", github.requests())
	}
}

func TestMissesAreRememberedBriefly(t *testing.T) {
	github := newFakeGitHub(t)
	key := newKey(t)
	h := newHouse(t, github, nil)
	for range 3 {
		h.refuse("alice", key, NoSuchAccount)
	}
	if github.requests() != 1 {
		t.Errorf("GitHub was asked %d times", github.requests())
	}
	github.set("alice", key)
	h.clock.advance(missFor)
	h.welcome("alice", key, Identity{Login: "alice", Via: ViaGitHub})
}

func TestTooManyRequests(t *testing.T) {
	cases := map[string]struct {
		retryAfter string
		pause      time.Duration
	}{
		"none":     {"", shortestPause},
		"seconds":  {"60", time.Minute},
		"too long": {"86400", longestPause},
		"huge":     {"99999999999999999999", shortestPause},
		"negative": {"-5", shortestPause},
		"past":     {"Mon, 02 Jan 2006 15:04:05 GMT", shortestPause},
		"future":   {"Mon, 02 Jan 2345 15:04:05 GMT", longestPause},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			github := newFakeGitHub(t)
			key := newKey(t)
			github.set("alice", key)
			github.set("bob", key)
			h := newHouse(t, github, nil)
			h.enrol("alice", key)
			github.misbehave(func(w http.ResponseWriter, r *http.Request) {
				if c.retryAfter != "" {
					w.Header().Set("Retry-After", c.retryAfter)
				}
				w.WriteHeader(http.StatusTooManyRequests)
			})
			h.refuse("bob", key, TryAgain, "Try again")
			github.misbehave(nil)
			asked := github.requests()
			h.clock.advance(c.pause - time.Second)
			h.refuse("bob", key, TryAgain)
			h.refuse("carol", key, TryAgain)
			h.welcome("alice", key, Identity{Login: "alice", Via: ViaGitHub})
			if github.requests() != asked {
				t.Error("GitHub was asked again in the pause")
			}
			h.clock.advance(time.Second)
			h.welcome("bob", key, Identity{Login: "bob", Via: ViaGitHub})
		})
	}
}

func TestETag(t *testing.T) {
	github := newFakeGitHub(t)
	key := newKey(t)
	github.set("alice", key)
	h := newHouse(t, github, nil)
	h.enrol("alice", key)
	for i := 1; i <= 3; i++ {
		h.clock.advance(time.Hour)
		h.restart()
		h.welcome("lab", key, Identity{Login: "alice", Via: ViaEnrolled})
		if github.same != i {
			t.Errorf("after %d checks GitHub said %d times that nothing has changed", i, github.same)
		}
	}
}

// Somebody who has just added a key need not wait for the cache to expire.
func TestNewKeyCountsSoon(t *testing.T) {
	github := newFakeGitHub(t)
	old, added := newKey(t), newKey(t)
	github.set("alice", old)
	h := newHouse(t, github, nil)
	h.welcome("alice", old, Identity{Login: "alice", Via: ViaGitHub})
	github.set("alice", old, added)
	h.refuse("alice", added, KeyNotListed)
	if github.requests() != 1 {
		t.Error("GitHub was asked again at once")
	}
	h.clock.advance(recheckAfter)
	h.welcome("alice", added, Identity{Login: "alice", Via: ViaGitHub})
}

func TestOneFetchALogin(t *testing.T) {
	github := newFakeGitHub(t)
	key := newKey(t)
	reached, release := make(chan struct{}, 50), make(chan struct{})
	github.misbehave(func(w http.ResponseWriter, r *http.Request) {
		reached <- struct{}{}
		<-release
		fmt.Fprint(w, line(key))
	})
	h := newHouse(t, github, nil)
	ended, cancel := context.WithCancel(context.Background())
	impatient := make(chan error, 1)
	go func() {
		_, err := h.Identify(ended, "alice", key)
		impatient <- err
	}()
	<-reached
	// Whoever began the fetch goes away; the others still get its result.
	cancel()
	if err := <-impatient; !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() {
			if _, err := h.Identify(context.Background(), "alice", key); err != nil {
				t.Error(err)
			}
		})
	}
	close(release)
	group.Wait()
	if github.requests() != 1 {
		t.Errorf("GitHub was asked %d times", github.requests())
	}
}

// Strangers use up their share, and those who are known do not notice.
func TestStrangersCannotStarveTheKnown(t *testing.T) {
	github := newFakeGitHub(t)
	key := newKey(t)
	github.set("alice", key)
	h := newHouse(t, github, nil)
	h.enrol("alice", key)
	h.clock.advance(time.Hour)
	ctx, cancel := context.WithCancel(context.Background())
	answers := make(chan error)
	for i := range 100 {
		go func() {
			_, err := h.Identify(ctx, "stranger"+strconv.Itoa(i), key)
			answers <- err
		}()
	}
	limited, answered := 0, 0
	for limited < 50 {
		var denied *Denied
		if errors.As(<-answers, &denied) && denied.Reason == TryAgain {
			limited++
		} else if answered++; answered > 50 {
			t.Fatal("most look-ups for strangers were made")
		}
	}
	h.welcome("lab", key, Identity{Login: "alice", Via: ViaEnrolled})
	if list := h.roster.known("alice"); !list.CheckedAt.Equal(h.clock.Now()) {
		t.Error("the keys of a known learner were not confirmed")
	}
	cancel()
	for range 100 - limited - answered {
		<-answers
	}
}

func TestStrangersLeaveNothingOnTheDisk(t *testing.T) {
	github := newFakeGitHub(t)
	key := newKey(t)
	h := newHouse(t, github, func(o *Options) { o.MaxLogins = 3 })
	for i := range 6 {
		github.set("stranger"+strconv.Itoa(i), key)
		h.welcome("stranger"+strconv.Itoa(i), key, Identity{Login: "stranger" + strconv.Itoa(i), Via: ViaGitHub})
	}
	for i := range 6 {
		if list, err := h.memory.list("stranger" + strconv.Itoa(i)); err != nil || list != nil {
			t.Errorf("stored: %v, %v", list, err)
		}
	}
}

func TestMemoryIsBounded(t *testing.T) {
	m, err := openMemory(t.TempDir()+"/keys.db", 3)
	if err != nil {
		t.Fatal(err)
	}
	defer m.close()
	start := newClock().Now()
	prints := make([]fingerprint, 8)
	for i := range prints {
		prints[i] = fingerprintOf(newKey(t))
		list := &keyList{Login: fmt.Sprint("login", i), CheckedAt: start.Add(time.Duration(i) * time.Minute), Prints: prints[i : i+1]}
		if err := m.enrol(list, prints[i]); err != nil {
			t.Fatal(err)
		}
		if i == 4 {
			// A refresh makes a list young again.
			list := &keyList{Login: "login2", CheckedAt: start.Add(time.Hour), Prints: prints[2:3]}
			if err := m.save(list); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i, print := range prints {
		want := ""
		if i == 2 || i >= 6 {
			want = fmt.Sprint("login", i)
		}
		if got, err := m.owner(print); err != nil || got != want {
			t.Errorf("key %d is of %q, %v, want %q", i, got, err, want)
		}
		list, err := m.list(fmt.Sprint("login", i))
		if err != nil || (list != nil) != (want != "") {
			t.Errorf("list %d: %v, %v", i, list, err)
		}
	}
}

func TestRedirectOnTheSameHost(t *testing.T) {
	github := newFakeGitHub(t)
	key := newKey(t)
	github.misbehave(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/moved/") {
			http.Redirect(w, r, "/moved"+r.URL.Path, http.StatusMovedPermanently)
			return
		}
		body(line(key))(w, r)
	})
	newHouse(t, github, nil).welcome("alice", key, Identity{Login: "alice", Via: ViaGitHub})
}

func TestAddressWithPath(t *testing.T) {
	github := newFakeGitHub(t)
	key := newKey(t)
	github.set("mirror/alice", key)
	h := newHouse(t, github, func(o *Options) { o.GitHubURL += "/mirror/" })
	h.welcome("alice", key, Identity{Login: "alice", Via: ViaGitHub})
}

func TestSlow(t *testing.T) {
	github := newFakeGitHub(t)
	key := newKey(t)
	github.set("alice", key)
	h := newHouse(t, github, nil)
	h.enrol("alice", key)
	reached, release := make(chan struct{}, 2), make(chan struct{})
	defer close(release)
	github.misbehave(slow(reached, release))
	h.roster.source.timeout = 10 * time.Millisecond
	h.clock.advance(time.Hour)
	h.welcome("lab", key, Identity{Login: "alice", Via: ViaEnrolled})
	h.refuse("bob", key, GitHubUnreachable)
	if len(reached) != 2 {
		t.Errorf("GitHub was asked %d times", len(reached))
	}
}

// A cache file that fails keeps nobody out whom GitHub knows.
func TestBrokenCache(t *testing.T) {
	github := newFakeGitHub(t)
	key := newKey(t)
	github.set("alice", key)
	h := newHouse(t, github, nil)
	h.enrol("alice", key)
	if err := h.memory.close(); err != nil {
		t.Fatal(err)
	}
	h.clock.advance(time.Hour)
	h.welcome("alice", key, Identity{Login: "alice", Via: ViaGitHub})
	h.welcome("alice", key, Identity{Login: "alice", Via: ViaGitHub})
	if github.requests() != 2 {
		t.Errorf("GitHub was asked %d times", github.requests())
	}
	h.refuse("lab", key, UnknownKey)
	for _, word := range []string{"keys cannot be stored", "key cache cannot be read"} {
		if !strings.Contains(h.log.String(), word) {
			t.Errorf("log lacks %q: %s", word, h.log)
		}
	}
}

func BenchmarkIdentifyEnrolled(b *testing.B) {
	github := newFakeGitHub(b)
	key := newKey(b)
	github.set("alice", key)
	h := newHouse(b, github, nil)
	h.enrol("alice", key)
	for b.Loop() {
		h.welcome("lab", key, Identity{Login: "alice", Via: ViaEnrolled})
	}
}
