package report

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"
)

const secret = "correct horse battery staple"

// budget is a gateway with a learner who has used some tokens.
type budget struct {
	notebook
	err error
}

func (b *budget) Record(ctx context.Context, events []Event) error {
	if b.err != nil {
		return b.err
	}
	return b.notebook.Record(ctx, events)
}

func (b *budget) ChargedToday(_ context.Context, login string) (int64, error) {
	if login == "ada & co" {
		return 1234, b.err
	}
	return 0, b.err
}

func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func client(t *testing.T, base, secret string) *Client {
	t.Helper()
	c := NewClient(base, secret)
	t.Cleanup(c.Close)
	return c
}

func TestThroughHTTP(t *testing.T) {
	g := &budget{}
	c := client(t, serve(t, Handler(secret, g))+"/", secret)
	want := []Event{completes("a", 2), uses("b", "s1", 77), refuses("c", "s1", "rate", 7)}
	if err := c.Record(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	if len(g.batches) != 1 || !reflect.DeepEqual(g.batches[0], want) {
		t.Errorf("it comes as %+v", g.batches)
	}
	if got, err := c.ChargedToday(t.Context(), "ada & co"); err != nil || got != 1234 {
		t.Errorf("used: %d, %v", got, err)
	}
	if got, err := c.ChargedToday(t.Context(), "bo"); err != nil || got != 0 {
		t.Errorf("used: %d, %v", got, err)
	}
	g.err = errors.New("the disk is full")
	if err := c.Record(t.Context(), want); err == nil || !strings.Contains(err.Error(), "the disk is full") {
		t.Errorf("the error comes as %v", err)
	}
	if _, err := c.ChargedToday(t.Context(), "ada & co"); err == nil || !strings.Contains(err.Error(), "the disk is full") {
		t.Errorf("the error comes as %v", err)
	}
}

func TestHandlerRefuses(t *testing.T) {
	g := &budget{}
	good := `[{"id":"a","at":"2027-03-01T12:00:00Z","login":"ada","session":"s","course":"c","stage":1,"completed":{"stage":1}}]`
	for name, c := range map[string]struct {
		method, path, body, authorization string
		status                            int
		say                               string
	}{
		"sound":           {body: good, status: 204},
		"a refusal":       {body: strings.Replace(good, `"completed":{"stage":1}`, `"refused":{"reason":"rate","count":3}`, 1), status: 204},
		"no events":       {body: "[]", status: 204},
		"no secret":       {body: good, authorization: " ", status: 401, say: "proxy.events.secret_file"},
		"another secret":  {body: good, authorization: "Bearer x", status: 401, say: "proxy.events.secret_file"},
		"half of it":      {body: good, authorization: "Bearer " + secret[:10], status: 401},
		"another scheme":  {body: good, authorization: "Basic " + secret, status: 401},
		"nowhere":         {path: "/v1/other", status: 404},
		"another method":  {method: "PUT", body: good, status: 405},
		"no JSON":         {body: "[{", status: 400, say: "no batch of events"},
		"no array":        {body: "{}", status: 400},
		"null":            {body: "null", status: 400, say: "no array"},
		"nothing":         {status: 400},
		"two arrays":      {body: good + good, status: 400, say: "something follows"},
		"rubbish after":   {body: good + "]", status: 400},
		"unknown field":   {body: strings.Replace(good, `"id"`, `"score":1,"id"`, 1), status: 400, say: "score"},
		"a word a number": {body: strings.Replace(good, `"stage":1`, `"stage":"1"`, 1), status: 400},
		"too large":       {body: "[" + strings.Repeat(" ", maxBody) + "]", status: 413, say: "fewer events"},
		"whose tokens":    {method: "GET", path: chargedPath, status: 400, say: "?login="},
		"tokens, unknown": {method: "GET", path: chargedPath + "?login=ada", authorization: "Bearer x", status: 401},
	} {
		if c.method == "" {
			c.method = "POST"
		}
		if c.path == "" {
			c.path = eventsPath
		}
		if c.authorization == "" {
			c.authorization = "Bearer " + secret
		}
		g.batches = nil
		r := httptest.NewRequest(c.method, c.path, strings.NewReader(c.body))
		r.Header.Set("Authorization", c.authorization)
		w := httptest.NewRecorder()
		Handler(secret, g).ServeHTTP(w, r)
		said := w.Body.String()
		if w.Code != c.status || !strings.Contains(said, c.say) {
			t.Errorf("%s: %d %q", name, w.Code, said)
		}
		if (c.status == 204) != (len(g.batches) == 1) {
			t.Errorf("%s: recorded %v", name, g.batches)
		}
		if c.say != "" && (strings.Count(said, "\n") != 1 || strings.Contains(said, secret)) {
			t.Errorf("%s: this is not one sentence: %q", name, said)
		}
	}
	r := httptest.NewRequest("POST", eventsPath, strings.NewReader(good))
	r.Header.Set("Authorization", "Bearer ")
	w := httptest.NewRecorder()
	if Handler("", g).ServeHTTP(w, r); w.Code != 401 {
		t.Errorf("without a secret anybody may report: %d", w.Code)
	}
}

func TestClientAgainstOthers(t *testing.T) {
	elsewhere := serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the secret is shown to whoever a redirect names")
	}))
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		say    string
	}{
		"another secret": {Handler("other", &budget{}).ServeHTTP, "401"},
		"a redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere, http.StatusTemporaryRedirect)
		}, "307"},
		"a long page": {func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, strings.Repeat("x", 10_000), http.StatusBadGateway)
		}, "502"},
		"broken off": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "EOF"},
	} {
		g := client(t, serve(t, c.answer), secret)
		_, asking := g.ChargedToday(t.Context(), "ada")
		for _, err := range []error{g.Record(t.Context(), nil), asking} {
			if err == nil || !strings.Contains(err.Error(), c.say) || len(err.Error()) > 500 || strings.Contains(err.Error(), secret) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	other := client(t, serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("{}")) })), secret)
	if n, err := other.ChargedToday(t.Context(), "ada"); err == nil {
		t.Errorf("a server that is no gateway says %d", n)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	silent := client(t, serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })), secret)
	if _, err := silent.ChargedToday(ctx, "ada"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a silent gateway: %v", err)
	}
}

// FuzzReadEvents: what is taken for a batch means the same when it is written
// again, so that nothing of it is lost.
func FuzzReadEvents(f *testing.F) {
	for _, e := range []Event{completes("a", 2), uses("b", "s1", 77), refuses("c", "s1", "rate", 7)} {
		text, err := json.Marshal([]Event{e})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(`[null]`))
	f.Add([]byte(`[{"refused":{"count":-1}}] []`))
	f.Fuzz(func(t *testing.T, body []byte) {
		events, err := readEvents(bytes.NewReader(body))
		if err != nil {
			return
		}
		text, err := json.Marshal(events)
		if err != nil {
			t.Fatal(err)
		}
		again, err := readEvents(bytes.NewReader(text))
		if err != nil {
			t.Fatalf("%s is refused: %v", text, err)
		}
		if second, err := json.Marshal(again); err != nil || !bytes.Equal(text, second) {
			t.Errorf("%s becomes %s, %v", text, second, err)
		}
	})
}
