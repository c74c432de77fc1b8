package testscript_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

var aLink = regexp.MustCompile(`#([A-Za-z0-9_-]{22})`)

// page does with the browser page what takes more than one program. What it is
// answered is the output for stdout.
//
//	page sign-in COOKIES USER@HOST KEY  asks ssh for a link and redeems it
//	page again                          redeems the same link once more
//	page session COOKIES                remembers the first session
//	page end COOKIES                    ends it
func page(ts *testscript.TestScript, neg bool, args []string) {
	w := worldOf(ts)
	if neg || len(args) == 0 {
		ts.Fatalf("usage: page sign-in|again|session|end …")
	}
	redeem := func(more ...string) string {
		body, err := json.Marshal(map[string]string{"code": w.code})
		ts.Check(err)
		return w.curl(ts, append(more, "-H", "Content-Type: application/json", "-d", string(body), w.pageURL()+"/api/sign-in")...)
	}
	answer := ""
	switch args[0] {
	case "sign-in":
		link, err := w.command(ts, "ssh", "-F", "ssh_config", "-i", args[3], args[2], "web")
		ts.Check(err)
		found := aLink.FindStringSubmatch(link)
		if found == nil {
			ts.Fatalf("there is no link in %q", link)
		}
		w.code = found[1]
		if answer = redeem("-c", args[1]); answer != "204" {
			ts.Fatalf("the link is answered with %s", answer)
		}
	case "again":
		answer = redeem()
	case "session":
		var list []struct {
			ID string `json:"sessionId"`
		}
		answer = strings.TrimSuffix(w.curl(ts, "-b", args[1], w.pageURL()+"/api/sessions"), "200")
		ts.Check(json.Unmarshal([]byte(answer), &list))
		if len(list) == 0 {
			ts.Fatalf("there is no session")
		}
		w.session = list[0].ID
	case "end":
		if answer = w.curl(ts, "-b", args[1], "-X", "DELETE", w.pageURL()+"/api/sessions/"+w.session); answer != "204" {
			ts.Fatalf("the end is answered with %s", answer)
		}
	default:
		ts.Fatalf("page knows no %s", args[0])
	}
	_, err := ts.Stdout().Write([]byte(answer))
	ts.Check(err)
}

func (w *world) pageURL() string { return "http://127.0.0.1:" + w.page }

// curl gives what a call is answered, and the status behind it.
func (w *world) curl(ts *testscript.TestScript, args ...string) string {
	answer, err := w.command(ts, "curl", append([]string{"-s", "-w", "%{http_code}"}, args...)...)
	ts.Check(err)
	return answer
}

func (w *world) command(ts *testscript.TestScript, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = ts.MkAbs("."), append(os.Environ(), "HOME="+w.dir)
	out, err := cmd.Output()
	return string(out), err
}
