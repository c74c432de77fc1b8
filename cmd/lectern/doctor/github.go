package doctor

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

// site is what became known of the site of the keys. It is written by its own
// check, and read by those that come after that.
type site struct {
	answers bool
	date    time.Time // as it told it
}

// github asks the site of the learners' keys for nothing but an answer.
func (d *Doctor) github(ctx context.Context) Finding {
	a := d.Settings.Auth
	if d.keysAreAllHere() {
		return skipped("all keys are in auth.authorized_keys; nobody is looked up")
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, a.GitHubURL, nil)
	if err != nil {
		return bad(err.Error(), "correct auth.github_url")
	}
	var answer *http.Response
	err = again(ctx, func() (err error) {
		answer, err = http.DefaultClient.Do(request)
		return err
	})
	if err != nil {
		return bad(fmt.Sprintf("%s does not answer: %v; who comes for the first time cannot be let in", a.GitHubURL, err),
			"let the gateway reach it by HTTPS (in a cluster: the NetworkPolicy gateway, and DNS), or list the keys in auth.authorized_keys and set auth.users to []")
	}
	_ = answer.Body.Close()
	if answer.StatusCode >= http.StatusInternalServerError {
		return bad(fmt.Sprintf("%s answers with %s", a.GitHubURL, answer.Status), "wait until it works again; learners who were here before come in meanwhile (auth.stale_for)")
	}
	d.site.answers = true
	d.site.date, _ = http.ParseTime(answer.Header.Get("Date"))
	return good(a.GitHubURL + " answers")
}

// keysAreAllHere tells whether nobody may come in whose keys are elsewhere.
func (d *Doctor) keysAreAllHere() bool {
	a := d.Settings.Auth
	if len(a.Users) > 0 {
		return false
	}
	text, err := os.ReadFile(a.AuthorizedKeys)
	if err != nil {
		return len(a.Admins) == 0
	}
	var known []string
	for len(text) > 0 {
		_, comment, _, rest, err := ssh.ParseAuthorizedKey(text)
		if err != nil {
			break
		}
		known, text = append(known, strings.ToLower(comment)), rest
	}
	return !slices.ContainsFunc(a.Admins, func(login string) bool { return !slices.Contains(known, strings.ToLower(login)) })
}
