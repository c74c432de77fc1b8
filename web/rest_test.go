package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"lectern/gateway/auth"
	"lectern/web/api"
)

// twoSessions are ada's and bob's.
func (h *house) twoSessions() {
	expires := morning.Add(2 * time.Hour)
	h.gateway.change(func() {
		h.gateway.sessions = []api.Session{
			{ID: "s-ada", Login: "ada", Pod: "lab-ada", Status: "connected", CourseID: "tides", CourseTitle: "Tides", Stage: 2, StageTitle: "Sun", StartedAt: morning, ExpiresAt: &expires},
			{ID: "s-bob", Login: "bob", Status: "queued", CourseID: "gone", CourseTitle: "gone", Stage: 1, StartedAt: morning},
		}
	})
}

// TestOwnAndOthers: a learner sees and ends their own, an admin all.
func TestOwnAndOthers(t *testing.T) {
	h := newHouse(t)
	h.twoSessions()
	b, root := h.visit(ada), h.visit(auth.Identity{Login: "root"})
	var list []api.Session
	b.get("/api/sessions").into(&list)
	if len(list) != 1 || list[0].ID != "s-ada" {
		t.Errorf("ada sees %+v", list)
	}
	root.get("/api/sessions").into(&list)
	if len(list) != 2 {
		t.Errorf("an admin sees %+v", list)
	}
	var one api.Session
	b.get("/api/sessions/s-ada").into(&one)
	if one.StageTitle != "Sun" || one.ExpiresAt == nil {
		t.Errorf("it is %+v", one)
	}
	var course api.Course
	b.get("/api/sessions/s-ada/stages").into(&course)
	if course.ID != "tides" || len(course.Stages) != 3 {
		t.Errorf("its stages are %+v", course)
	}
	for _, id := range []string{"s-bob", "none", "s-ad", "S-ADA", "..%2fs-bob", "s-bob%00", "%20s-ada"} {
		for _, c := range []struct{ method, path string }{
			{http.MethodGet, "/api/sessions/" + id}, {http.MethodDelete, "/api/sessions/" + id}, {http.MethodGet, "/api/sessions/" + id + "/stages"},
		} {
			b.request(c.method, c.path, nil).refused(http.StatusNotFound, "no such session")
		}
	}
	root.get("/api/sessions/s-bob").want(http.StatusOK)
	root.get("/api/sessions/s-bob/stages").refused(http.StatusNotFound, "not here any more")
	b.request(http.MethodDelete, "/api/sessions/s-ada", nil).want(http.StatusNoContent)
	root.request(http.MethodDelete, "/api/sessions/s-bob", nil).want(http.StatusNoContent)
	if got := strings.Join(h.gateway.ended, " "); got != "s-ada s-bob" {
		t.Errorf("ended are %s", got)
	}

	var progress []api.Progress
	b.get("/api/progress/ada").into(&progress)
	if len(progress) != 2 || progress[0].CourseID != "tides" {
		t.Errorf("the progress is %+v", progress)
	}
	var of api.Progress
	b.get("/api/progress/ADA/tides").into(&of)
	if len(of.CompletedStages) != 1 {
		t.Errorf("the progress is %+v", of)
	}
	b.get("/api/progress/ada/none").refused(http.StatusNotFound, "no such course")
	b.get("/api/progress/bob").refused(http.StatusForbidden, "your own")
	b.get("/api/progress/bob/tides").refused(http.StatusForbidden, "your own")
	root.get("/api/progress/bob/tides").want(http.StatusOK)

	var courses []api.Course
	b.get("/api/courses").into(&courses)
	if len(courses) != 2 || courses[0].Stages[0].CompletedAt == nil || courses[1].Stages == nil {
		t.Errorf("the courses are %+v", courses)
	}
	b.get("/api/none").refused(http.StatusNotFound, "no such call")
	b.get("/api/").refused(http.StatusNotFound, "no such call")
}

// TestOtherMethods of calls that there are: it is said which they have.
func TestOtherMethods(t *testing.T) {
	h := newHouse(t)
	for _, c := range []struct{ method, path, allow string }{
		{http.MethodPut, "/api/me", "GET, HEAD, DELETE"}, {http.MethodPatch, "/api/sessions", "GET, HEAD, POST"}, {http.MethodPost, "/api/sessions/s1", "GET, HEAD, DELETE"},
		{http.MethodGet, "/api/sign-in", "POST"}, {http.MethodOptions, "/api/progress/ada/tides", "GET, HEAD"}, {http.MethodPost, "/ws", "GET, HEAD"},
		{http.MethodDelete, "/health", "GET, HEAD"}, {http.MethodPost, "/main.js", "GET, HEAD"},
	} {
		r := h.stranger().request(c.method, c.path, nil)
		r.refused(http.StatusMethodNotAllowed, "no "+c.method+" of this")
		if got := r.Header.Get("Allow"); got != c.allow {
			t.Errorf("%s allows %q, want %q", c.path, got, c.allow)
		}
	}
}

// TestStart has the fields of today and those of the system before.
func TestStart(t *testing.T) {
	h := newHouse(t)
	b := h.visit(ada)
	type asked struct {
		course string
		stage  int
	}
	var got asked
	h.gateway.change(func() {
		h.gateway.start = func(_ context.Context, course string, stage int) (api.Started, error) {
			got = asked{course, stage}
			return api.Started{ID: "s1", Pod: "lab-ada", Status: "running", CourseID: course, Stage: 1, Reused: stage == 9}, nil
		}
	})
	for body, want := range map[string]asked{
		`{"course":"tides"}`:           {"tides", 0},
		`{"course":"tides","stage":2}`: {"tides", 2},
		`{"course":"tides","resumeStage":3,"mode":"terminal","userId":"ADA"}`:                                                {"tides", 3},
		`{"course":"tides","stage":1,"resumeStage":3}`:                                                                       {"tides", 1},
		`{"courseUrl":"https://raw.githubusercontent.com/Owner/Repo/main/Papers/Deep-Sea/CLAUDE.md","userId":"","unused":1}`: {"papers-deep-sea", 0},
		`{"courseUrl":"tides"}`:                              {"tides", 0},
		`{"courseUrl":"https://github.com/owner/Tides.git"}`: {"tides", 0},
		`{"course":"a","courseUrl":"b"}` + "\n ":             {"a", 0},
	} {
		r := b.post("/api/sessions", []byte(body))
		r.want(http.StatusCreated)
		if got != want {
			t.Errorf("%s asks for %+v, want %+v", body, got, want)
		}
		if r.Header.Get("Location") != "/api/sessions/s1" {
			t.Errorf("it is at %q", r.Header.Get("Location"))
		}
	}
	b.post("/api/sessions", map[string]any{"course": "tides", "stage": 9}).want(http.StatusOK)
	b.post("/api/sessions", map[string]any{"course": "tides", "userId": "bob"}).refused(http.StatusForbidden, "leave userId out")
	b.post("/api/sessions", map[string]any{}).refused(http.StatusBadRequest, "Name a course")
	b.post("/api/sessions", map[string]any{"courseUrl": "https://example.org/"}).refused(http.StatusBadRequest, "no repository in courseUrl")

	for _, c := range []struct {
		err    error
		status int
		words  string
	}{
		{&api.Refused{Kind: api.NotFound, Detail: "There is no course x."}, http.StatusNotFound, "no course x"},
		{&api.Refused{Kind: api.Conflict, Detail: "Stage 3 is locked."}, http.StatusConflict, "locked"},
		{&api.Refused{Kind: api.Forbidden, Detail: "Not you."}, http.StatusForbidden, "Not you"},
		{&api.Refused{Kind: api.Unavailable, Detail: "The door is closed."}, http.StatusServiceUnavailable, "door"},
		{errors.New("secret"), http.StatusInternalServerError, "Something went wrong"},
	} {
		h.gateway.change(func() {
			h.gateway.start = func(context.Context, string, int) (api.Started, error) { return api.Started{}, c.err }
		})
		b.post("/api/sessions", map[string]string{"course": "x"}).refused(c.status, c.words)
	}
}

// TestStartWaits for a place for longer than the body may take to come, and ends
// with the one who waits.
func TestStartWaits(t *testing.T) {
	h := newHouse(t, func(_ *Options, p *pace) { p.body = 50 * time.Millisecond })
	b := h.visit(ada)
	h.gateway.change(func() {
		h.gateway.start = func(ctx context.Context, course string, _ int) (api.Started, error) {
			select {
			case <-ctx.Done():
				return api.Started{}, ctx.Err()
			case <-time.After(500 * time.Millisecond): // is queued for as long
			}
			return api.Started{ID: "s1", Pod: "lab-ada", Status: "running", CourseID: course, Stage: 1}, nil
		}
	})
	b.post("/api/sessions", map[string]string{"course": "tides"}).want(http.StatusCreated)
	gone := make(chan struct{})
	h.gateway.change(func() {
		h.gateway.start = func(ctx context.Context, _ string, _ int) (api.Started, error) {
			<-ctx.Done()
			close(gone)
			return api.Started{}, ctx.Err()
		}
	})
	conn := b.speak("POST /api/sessions HTTP/1.1\r\nHost: " + h.http.Listener.Addr().String() + "\r\nCookie: lectern=" + b.cookie.Value +
		"\r\nContent-Type: application/json\r\nContent-Length: 18\r\n\r\n" + `{"course":"tides"}`)
	time.AfterFunc(100*time.Millisecond, func() { _ = conn.Close() })
	select {
	case <-gone:
	case <-time.After(patience):
		t.Error("somebody waits for one who has gone")
	}
}

// TestBodies that are none.
func TestBodies(t *testing.T) {
	h := newHouse(t)
	b := h.visit(ada)
	for _, path := range []string{"/api/sign-in", "/api/sessions"} {
		for body, status := range map[string]int{
			"": http.StatusBadRequest, "{": http.StatusBadRequest, "[]": http.StatusBadRequest, `"x"`: http.StatusBadRequest, "code=1": http.StatusBadRequest,
			`{"course":1,"code":1}`: http.StatusBadRequest, `{"course":"a","code":"a"} {}`: http.StatusBadRequest, `{"code":"a","course":"a"}x`: http.StatusBadRequest,
			`{"stage":1.5,"code":[]}`: http.StatusBadRequest, `{"stage":99999999999999999999,"code":{}}`: http.StatusBadRequest,
			`{"course":"` + strings.Repeat("x", mostOfBody) + `"}`:        http.StatusRequestEntityTooLarge,
			`{"course":"a","code":"a"}` + strings.Repeat(" ", mostOfBody): http.StatusRequestEntityTooLarge,
		} {
			words := "no JSON of the form"
			if status == http.StatusRequestEntityTooLarge {
				words = "too long"
			}
			b.post(path, []byte(body)).refused(status, words)
		}
		for _, kind := range []string{"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonx", "application/json;;", "text/json"} {
			b.post(path, []byte(`{"course":"tides","code":"x"}`), func(r *http.Request) { r.Header.Set("Content-Type", kind) }).refused(http.StatusUnsupportedMediaType, "application/json")
		}
	}
	b.post("/api/sessions", []byte(`{"course":"tides"}`), func(r *http.Request) { r.Header.Set("Content-Type", "application/json; charset=utf-8") }).want(http.StatusCreated)
}

// TestSlowBody: who does not send what they have announced is not waited for.
func TestSlowBody(t *testing.T) {
	h := newHouse(t, func(_ *Options, p *pace) { p.body = 100 * time.Millisecond })
	for asked, want := range map[string]string{
		"POST /api/sign-in HTTP/1.1\r\nContent-Type: application/json": "HTTP/1.1 400",
		"POST /api/sign-in HTTP/1.1\r\nContent-Type: text/plain":       "HTTP/1.1 415",
		"GET /api/me HTTP/1.1": "HTTP/1.1 401",
	} {
		conn := h.stranger().speak(asked + "\r\nHost: " + h.http.Listener.Addr().String() + "\r\nContent-Length: 1000\r\n\r\n{\"code\":")
		_ = conn.SetReadDeadline(time.Now().Add(patience))
		answer, err := io.ReadAll(conn)
		if err != nil || !strings.HasPrefix(string(answer), want) {
			t.Errorf("%q is answered with %.20q, %v", asked, answer, err)
		}
	}
}

// TestFaults of the gateway are told to the log and not to the caller.
func TestFaults(t *testing.T) {
	h := newHouse(t)
	h.twoSessions()
	b := h.visit(ada)
	h.gateway.change(func() { h.gateway.fails = errors.New("secret of the machine") })
	for _, c := range []struct{ method, path string }{
		{http.MethodGet, "/api/courses"}, {http.MethodGet, "/api/sessions"}, {http.MethodGet, "/api/sessions/s-ada"}, {http.MethodGet, "/api/sessions/s-ada/stages"},
		{http.MethodDelete, "/api/sessions/s-ada"}, {http.MethodGet, "/api/progress/ada"}, {http.MethodGet, "/api/progress/ada/tides"},
	} {
		r := b.request(c.method, c.path, nil)
		r.refused(http.StatusInternalServerError, "Something went wrong here.")
		if strings.Contains(string(r.body), "secret") {
			t.Errorf("%s says %s", r.what, r.body)
		}
	}
	if n := strings.Count(h.log.String(), "secret of the machine"); n != 7 {
		t.Errorf("the log tells of %d", n)
	}
}
