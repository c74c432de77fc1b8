package web

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.etcd.io/bbolt"

	"lectern/gateway/auth"
	"lectern/internal/boltfile"
	"lectern/web/api"
)

const (
	// tokenBytes of chance make the token that a browser keeps.
	tokenBytes = 32
	// mostBrowsers of a learner are signed in at a time; a newer one takes the
	// place of the one that was seen longest ago.
	mostBrowsers = 20
	// seenEvery is how often it is noted that a browser was seen.
	seenEvery = time.Minute
)

// browsersBucket has the signed-in browsers by the hashes of their tokens.
var browsersBucket = []byte("browsers-v1")

// browser is one that is signed in.
type browser struct {
	ID          string    `json:"id"`
	Login       string    `json:"login"`
	Fingerprint string    `json:"fingerprint"` // of the key whose word it is
	Via         auth.Via  `json:"via"`
	SignedIn    time.Time `json:"signed_in"`
	LastSeen    time.Time `json:"last_seen"`
	Expires     time.Time `json:"expires"`
	From        string    `json:"from"`
	Agent       string    `json:"agent"`

	token string // which it came with: kept nowhere
}

func (b browser) who() auth.Identity {
	return auth.Identity{Login: b.Login, Via: b.Via, Fingerprint: b.Fingerprint}
}

func (b browser) view() api.Browser {
	return api.Browser{ID: b.ID, SignedIn: b.SignedIn, LastSeen: b.LastSeen, Expires: b.Expires, From: b.From, Agent: b.Agent}
}

// browsers is the file of those that are signed in. It outlives the gateway, so
// that a page which was left open finds its way back.
type browsers struct {
	file *boltfile.File
	life time.Duration
	now  func() time.Time
}

func openBrowsers(path string, life time.Duration, now func() time.Time) (*browsers, error) {
	file, err := boltfile.Open(path, boltfile.Options{})
	if err != nil {
		return nil, fmt.Errorf("open the file of signed-in browsers: %w", err)
	}
	if err := file.Format("browsers", 1); err != nil {
		file.Close()
		return nil, fmt.Errorf("open the file of signed-in browsers: %w", err)
	}
	return &browsers{file: file, life: life, now: now}, nil
}

func (b *browsers) close() error { return b.file.Close() }

// signIn keeps a browser and gives the token that it has to show, and the ids of
// those of the same learner that had to make room.
func (b *browsers) signIn(who auth.Identity, from, agent string) (token string, one browser, gone []string, err error) {
	token, sum := secret(tokenBytes)
	now := b.now().UTC().Truncate(time.Second)
	one = browser{
		ID: newID(), Login: who.Login, Fingerprint: who.Fingerprint, Via: who.Via,
		SignedIn: now, LastSeen: now, Expires: now.Add(b.life), From: from, Agent: shortened(agent),
	}
	err = b.file.Update(func(tx *bbolt.Tx) error {
		bucket, err := tx.CreateBucketIfNotExists(browsersBucket)
		if err != nil {
			return err
		}
		var own []hash
		others := make(map[hash]browser)
		err = each(bucket, func(key hash, other browser) error {
			switch {
			case !now.Before(other.Expires):
				return bucket.Delete(key[:])
			case other.Login == who.Login:
				own, others[key] = append(own, key), other
			}
			return nil
		})
		if err != nil {
			return err
		}
		slices.SortFunc(own, func(x, y hash) int { return others[x].LastSeen.Compare(others[y].LastSeen) })
		for ; len(own) >= mostBrowsers; own = own[1:] {
			if err := bucket.Delete(own[0][:]); err != nil {
				return err
			}
			gone = append(gone, others[own[0]].ID)
		}
		return put(bucket, sum, one)
	})
	if err != nil {
		return "", browser{}, nil, fmt.Errorf("keep the sign-in of a browser: %w", err)
	}
	return token, one, gone, nil
}

// newID names a browser. It is a name and no secret.
func newID() string {
	var chance [4]byte
	_, _ = rand.Read(chance[:]) // never fails (crypto/rand)
	return hex.EncodeToString(chance[:])
}

// agentLength is what is kept of what a browser says that it is.
const agentLength = 160

func shortened(agent string) string {
	return string(bytes.ToValidUTF8([]byte(agent[:min(len(agent), agentLength)]), nil))
}

// each calls do for all browsers. do may delete.
func each(bucket *bbolt.Bucket, do func(hash, browser) error) error {
	type entry struct {
		key hash
		one browser
	}
	var all []entry
	err := bucket.ForEach(func(key, value []byte) error {
		var one browser
		if len(key) != sha256.Size || json.Unmarshal(value, &one) != nil {
			return nil // nobody can be let in by it
		}
		all = append(all, entry{hash(key), one})
		return nil
	})
	for _, e := range all {
		if err == nil {
			err = do(e.key, e.one)
		}
	}
	return err
}

func put(bucket *bbolt.Bucket, key hash, one browser) error {
	value, err := json.Marshal(one)
	if err != nil {
		return err
	}
	return bucket.Put(key[:], value)
}

// find gives the browser that has a token, and notes that it was seen.
func (b *browsers) find(token string) (one browser, ok bool, err error) {
	sum := hash(sha256.Sum256([]byte(token)))
	err = b.file.View(func(tx *bbolt.Tx) error {
		if bucket := tx.Bucket(browsersBucket); bucket != nil {
			ok = json.Unmarshal(bucket.Get(sum[:]), &one) == nil
		}
		return nil
	})
	now := b.now()
	if err != nil || !ok || !now.Before(one.Expires) {
		return browser{}, false, err
	}
	one.token = token
	if now.Sub(one.LastSeen) < seenEvery {
		return one, true, nil
	}
	one.LastSeen = now.UTC().Truncate(time.Second)
	// Whether that can be noted changes nothing for the one who is there.
	_ = b.file.Update(func(tx *bbolt.Tx) error {
		bucket := tx.Bucket(browsersBucket)
		if bucket == nil || bucket.Get(sum[:]) == nil {
			return errors.New("it was signed out meanwhile")
		}
		return put(bucket, sum, one)
	})
	return one, true, nil
}

// of lists the browsers of a learner, the one seen last first.
func (b *browsers) of(login string) ([]browser, error) {
	var own []browser
	err := b.file.View(func(tx *bbolt.Tx) error {
		bucket := tx.Bucket(browsersBucket)
		if bucket == nil {
			return nil
		}
		return each(bucket, func(_ hash, one browser) error {
			if one.Login == login && b.now().Before(one.Expires) {
				own = append(own, one)
			}
			return nil
		})
	})
	slices.SortFunc(own, func(x, y browser) int { return y.LastSeen.Compare(x.LastSeen) })
	return own, err
}

// revoke signs out a learner's browser, or all where id is empty, and gives
// their ids.
func (b *browsers) revoke(login, id string) (gone []string, err error) {
	err = b.file.Update(func(tx *bbolt.Tx) error {
		bucket := tx.Bucket(browsersBucket)
		if bucket == nil {
			return nil
		}
		return each(bucket, func(key hash, one browser) error {
			if one.Login != login || id != "" && one.ID != id {
				return nil
			}
			gone = append(gone, one.ID)
			return bucket.Delete(key[:])
		})
	})
	if err != nil {
		return nil, fmt.Errorf("sign a browser out: %w", err)
	}
	return gone, nil
}
