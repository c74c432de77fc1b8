package web

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"sync"
	"time"

	"lectern/gateway/auth"
)

const (
	// codeLife is how long a link is good: the time to click on it.
	codeLife = 2 * time.Minute
	// codeBytes of chance make a code.
	codeBytes = 16
	// mostCodes is how many links of a learner are good at a time; a newer one
	// takes the place of the oldest.
	mostCodes = 5
)

// hash is what is kept of a code or a token: whoever reads that can open nothing.
type hash [sha256.Size]byte

// secret makes one of n bytes of chance, as text that fits into a link or a
// cookie, and its hash.
func secret(n int) (text string, sum hash) {
	chance := make([]byte, n)
	_, _ = rand.Read(chance) // never fails (crypto/rand)
	text = base64.RawURLEncoding.EncodeToString(chance)
	return text, sha256.Sum256([]byte(text))
}

// codes are the links that nobody has opened yet. They are kept in memory only:
// a new one is a command away.
type codes struct {
	now func() time.Time

	mu   sync.Mutex
	open map[hash]code
	// forgotten counts, by login, how often the codes were taken back: a sign-in
	// that is on its way then finds out by it.
	forgotten map[string]int
}

type code struct {
	who     auth.Identity
	expires time.Time
}

func newCodes(now func() time.Time) *codes {
	return &codes{now: now, open: make(map[hash]code), forgotten: make(map[string]int)}
}

// mint makes a code that stands for somebody, once.
func (c *codes) mint(who auth.Identity) (text string, expires time.Time) {
	text, sum := secret(codeBytes)
	now := c.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	var oldest hash
	of := 0
	for key, other := range c.open {
		switch {
		case !now.Before(other.expires):
			delete(c.open, key)
		case other.who.Login == who.Login:
			if of++; of == 1 || other.expires.Before(c.open[oldest].expires) {
				oldest = key
			}
		}
	}
	if of >= mostCodes {
		delete(c.open, oldest)
	}
	expires = now.Add(codeLife)
	c.open[sum] = code{who, expires}
	return text, expires
}

// claim is a code that was redeemed.
type claim struct {
	code
	sum       hash
	forgotten int // as it was then
}

// of says for whom a code stands, and leaves it as it is.
func (c *codes) of(text string) (who auth.Identity, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	found, ok := c.open[sha256.Sum256([]byte(text))]
	return found.who, ok && c.now().Before(found.expires)
}

// redeem says for whom a code stands. It does so once.
func (c *codes) redeem(text string) (redeemed claim, ok bool) {
	sum := hash(sha256.Sum256([]byte(text)))
	c.mu.Lock()
	defer c.mu.Unlock()
	found, ok := c.open[sum]
	delete(c.open, sum)
	return claim{found, sum, c.forgotten[found.who.Login]}, ok && c.now().Before(found.expires)
}

// restore makes a code good again that led to nothing, by no fault of the one who
// had it. One that was taken back meanwhile stays so.
func (c *codes) restore(redeemed claim) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.forgotten[redeemed.who.Login] == redeemed.forgotten {
		c.open[redeemed.sum] = redeemed.code
	}
}

// stands tells whether the codes of its learner were not taken back since.
func (c *codes) stands(redeemed claim) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.forgotten[redeemed.who.Login] == redeemed.forgotten
}

// forget takes back the codes of a learner.
func (c *codes) forget(login string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forgotten[login]++
	for key, other := range c.open {
		if other.who.Login == login {
			delete(c.open, key)
		}
	}
}
