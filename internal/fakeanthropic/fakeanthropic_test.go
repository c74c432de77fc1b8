package fakeanthropic

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

const key = "a key for tests"

// ask sends a body with the key. The test's end closes the answer.
func ask(t *testing.T, s *Server, path, body string) *http.Response {
	t.Helper()
	answer, err := http.DefaultClient.Do(question(t, s, path, body))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = answer.Body.Close() })
	return answer
}

func question(t *testing.T, s *Server, path, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Api-Key", key)
	r.Header.Set("Anthropic-Version", "2023-06-01")
	return r
}

func bodyOf(t *testing.T, answer *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// lesson is a body with tools in which the user says something.
func lesson(said string, stream bool) string {
	return marshal(object{
		"model": "claude-test-1", "max_tokens": 1000, "stream": stream,
		"tools":    []object{{"name": "Read"}, {"name": "Glob"}},
		"messages": []object{{"role": "user", "content": said}},
	})
}

// names are the kinds of the events of a stream, and what each holds.
func names(t *testing.T, stream string) (kinds []string, data []object) {
	t.Helper()
	for part := range strings.SplitSeq(strings.TrimSuffix(stream, "\n\n"), "\n\n") {
		first, second, _ := strings.Cut(part, "\n")
		var o object
		if err := json.Unmarshal([]byte(strings.TrimPrefix(second, "data: ")), &o); err != nil {
			t.Fatalf("%q: %v", part, err)
		}
		kind := strings.TrimPrefix(first, "event: ")
		if o["type"] != kind {
			t.Errorf("the event %s says that it is %v", kind, o["type"])
		}
		kinds, data = append(kinds, kind), append(data, o)
	}
	return kinds, data
}

func TestAnswers(t *testing.T) {
	step := Step{
		Always: true, Thought: "Hm.", Text: []string{"Right <", "b>. [STAGE_", "COMPLETE:1]"},
		Tool: &Tool{Name: "Read", Input: object{"file_path": "/x"}}, Usage: Usage{Input: 1, Output: 2, CacheRead: 3, CacheWrite: 4},
	}
	s := NewServer(t, key, step)
	answer := ask(t, s, "/v1/messages?beta=true", lesson("Hi", false))
	var said answerShape
	if err := json.Unmarshal([]byte(bodyOf(t, answer)), &said); err != nil {
		t.Fatal(err)
	}
	if said.Model != "claude-test-1" || said.StopReason != "tool_use" || said.Usage != step.Usage || len(said.Content) != 3 ||
		said.Content[1]["text"] != "Right <b>. [STAGE_COMPLETE:1]" || said.Content[2]["name"] != "Read" {
		t.Errorf("the answer is %+v", said)
	}
	for _, name := range []string{"Request-Id", "Anthropic-Organization-Id", "Anthropic-Ratelimit-Requests-Limit", "Set-Cookie", "Cf-Ray"} {
		if answer.Header.Get(name) == "" {
			t.Errorf("the header %s is missing", name)
		}
	}

	answer = ask(t, s, "/v1/messages", lesson("Hi", true))
	if kind := answer.Header.Get("Content-Type"); kind != "text/event-stream; charset=utf-8" {
		t.Errorf("a stream comes as %s", kind)
	}
	kinds, data := names(t, bodyOf(t, answer))
	want := strings.Fields("message_start content_block_start content_block_delta content_block_delta content_block_stop " +
		"content_block_start ping content_block_delta content_block_delta content_block_delta content_block_stop " +
		"content_block_start content_block_delta content_block_delta content_block_delta content_block_stop message_delta message_stop")
	if !slices.Equal(kinds, want) {
		t.Fatalf("the events are %v", kinds)
	}
	if text := data[8]["delta"].(object)["text"]; text != "b>. [STAGE_" {
		t.Errorf("the second piece is %q", text)
	}
	input := ""
	for _, o := range data[12:15] {
		input += o["delta"].(object)["partial_json"].(string)
	}
	if input != `{"file_path":"/x"}` {
		t.Errorf("the tool is given %s", input)
	}
	if usage := data[16]["usage"].(object); usage["output_tokens"] != 2.0 || usage["cache_read_input_tokens"] != 3.0 {
		t.Errorf("the last usage is %v", usage)
	}
	if counted := bodyOf(t, ask(t, s, "/v1/messages/count_tokens", `{"model":"m","messages":[{"role":"user","content":"Hi"}]}`)); !strings.HasPrefix(counted, `{"input_tokens":`) {
		t.Errorf("counted: %s", counted)
	}
}

type answerShape struct {
	Model      string
	StopReason string `json:"stop_reason"`
	Content    []object
	Usage      Usage
}

func TestRefusals(t *testing.T) {
	s := NewServer(t, key)
	good := lesson("Hi", false)
	for name, c := range map[string]struct {
		method, path, key, version, body string
		status                           int
		kind                             string
	}{
		"no key":      {"POST", "/v1/messages", "", "1", good, 401, "authentication_error"},
		"other key":   {"POST", "/v1/messages", "x", "1", good, 401, "authentication_error"},
		"no version":  {"POST", "/v1/messages", key, "", good, 400, "invalid_request_error"},
		"no JSON":     {"POST", "/v1/messages", key, "1", "{", 400, "invalid_request_error"},
		"no model":    {"POST", "/v1/messages", key, "1", `{"max_tokens":1,"messages":[{"role":"user","content":"x"}]}`, 400, "invalid_request_error"},
		"no messages": {"POST", "/v1/messages", key, "1", `{"model":"m","max_tokens":1}`, 400, "invalid_request_error"},
		"no limit":    {"POST", "/v1/messages", key, "1", `{"model":"m","messages":[{"role":"user","content":"x"}]}`, 400, "invalid_request_error"},
		"too large":   {"POST", "/v1/messages", key, "1", good + strings.Repeat(" ", maxBody), 413, "request_too_large"},
		"elsewhere":   {"POST", "/v1/messages/batches", key, "1", good, 404, "not_found_error"},
		"a list":      {"GET", "/v1/models", key, "1", "", 404, "not_found_error"},
	} {
		r, err := http.NewRequestWithContext(t.Context(), c.method, s.URL+c.path, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Api-Key", c.key)
		r.Header.Set("Anthropic-Version", c.version)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		said := bodyOf(t, answer)
		_ = answer.Body.Close()
		if answer.StatusCode != c.status || !strings.Contains(said, `"type":"`+c.kind+`"`) || !strings.Contains(said, `"request_id":"req_`) {
			t.Errorf("%s: %d %s", name, answer.StatusCode, said)
		}
	}
	if got := len(s.Requests()); got != 10 {
		t.Errorf("%d requests are kept", got)
	}
}

func TestScript(t *testing.T) {
	s := NewServer(t, key,
		Step{Said: "begin", Text: []string{"Let me look."}, Tool: &Tool{Name: "Read", Input: object{}}},
		Step{Result: "chapter one", Text: []string{"Here is a question."}},
		Step{Said: "begin", Text: []string{"Again?"}},
		Step{Plain: true, Said: "summary", Text: []string{"In short."}},
	)
	answer := func(body string) string { return bodyOf(t, ask(t, s, "/v1/messages", body)) }
	result := func(text any) string {
		return marshal(object{"model": "m", "max_tokens": 1, "tools": []object{{"name": "Read"}}, "messages": []object{
			{"role": "user", "content": "begin"}, {"role": "assistant", "content": "Let me look."},
			{"role": "user", "content": []object{{"type": "tool_result", "tool_use_id": "t", "content": text}}},
			{"role": "system", "content": "begin"},
		}})
	}
	for i, c := range []struct{ body, want string }{
		{lesson("something else", false), "no answer"},
		{lesson("<system-reminder>\nbegin\n</system-reminder>well", false), "no answer"},
		{lesson("please begin", false), "Let me look."},
		{result("chapter two"), "no answer"},
		{result([]object{{"type": "text", "text": "     1\tchapter one"}}), "Here is a question."},
		{lesson("begin", false), "Again?"},
		{lesson("begin", false), "no answer"},
		{`{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"begin"}]}`, `"text":"A lesson"`},
		{`{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"a summary"}]}`, "In short."},
		{`{"model":"m","max_tokens":1,"system":"Answer in JSON","messages":[{"role":"user","content":"x"}]}`, `\"title\":\"A lesson\"`},
		{`{"model":"m","max_tokens":1,"output_config":{"format":{"type":"json_schema","schema":{"properties":{"topic":{"type":"string"},"new":{"type":"boolean"},"n":{"type":"integer"},"l":{"type":"array"},"o":{"type":"object"},"e":{"enum":["a"]}}}}},"messages":[{"role":"user","content":"x"}]}`,
			`{\"e\":\"a\",\"l\":[],\"n\":0,\"new\":false,\"o\":{},\"topic\":\"A lesson\"}`},
	} {
		if got := answer(c.body); !strings.Contains(got, c.want) {
			t.Errorf("answer %d is %s, without %s", i, got, c.want)
		}
	}
	if left := s.Left(); left != 0 {
		t.Errorf("%d steps are left", left)
	}
	last := s.Requests()[2]
	if last.Said != "please begin" || last.Model != "claude-test-1" || !slices.Equal(last.Tools, []string{"Read", "Glob"}) || last.Header.Get("X-Api-Key") != key {
		t.Errorf("kept: %+v", last)
	}
}

func TestFailures(t *testing.T) {
	cut, failed := Failure{}, Overloaded
	s := NewServer(t, key,
		Step{Said: "limit", Fail: &RateLimited}, Step{Said: "limit", Text: []string{"Now."}},
		Step{Said: "busy", Fail: &Overloaded}, Step{Said: "unknown", Fail: &Unknown},
		Step{Said: "break", Text: []string{"Hel", "lo"}, Break: &failed}, Step{Said: "cut", Text: []string{"Hel", "lo"}, Break: &cut},
	)
	answer := ask(t, s, "/v1/messages", lesson("limit", true))
	if answer.StatusCode != 429 || answer.Header.Get("Retry-After") != "1" || !strings.Contains(bodyOf(t, answer), "rate_limit_error") {
		t.Errorf("limited: %s, %v", answer.Status, answer.Header)
	}
	if said := bodyOf(t, ask(t, s, "/v1/messages", lesson("limit", true))); !strings.Contains(said, "Now.") {
		t.Errorf("then: %s", said)
	}
	if answer := ask(t, s, "/v1/messages", lesson("busy", true)); answer.StatusCode != 529 {
		t.Errorf("overloaded: %s", answer.Status)
	}
	if answer := ask(t, s, "/v1/messages", lesson("unknown", true)); answer.StatusCode != 401 {
		t.Errorf("unknown: %s", answer.Status)
	}
	kinds, data := names(t, bodyOf(t, ask(t, s, "/v1/messages", lesson("break", true))))
	if last := len(kinds) - 1; kinds[last] != "error" || data[last]["error"].(object)["type"] != "overloaded_error" {
		t.Errorf("broken: %v", kinds)
	}
	body, err := io.ReadAll(ask(t, s, "/v1/messages", lesson("cut", true)).Body)
	if !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(string(body), `"text":"lo"`) {
		t.Errorf("cut: %v after %s", err, body)
	}
}

func TestSlowAnswers(t *testing.T) {
	hold, pause := make(chan struct{}), make(chan struct{})
	s := NewServer(t, key, Step{Said: "slow", Text: []string{"one", "two"}, Hold: hold, Pause: pause})
	come := make(chan *http.Response, 1)
	slow := question(t, s, "/v1/messages", lesson("slow", true))
	go func() {
		defer close(come)
		answer, err := http.DefaultClient.Do(slow)
		if err != nil {
			t.Error(err)
			return
		}
		come <- answer
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if _, err := s.Await(ctx, func(r Request) bool { return r.Said == "slow" }); err != nil {
		t.Fatal(err)
	}
	select {
	case <-come:
		t.Fatal("the answer does not wait")
	default:
	}
	close(hold)
	answer, ok := <-come
	if !ok {
		t.FailNow()
	}
	defer answer.Body.Close()
	lines := bufio.NewScanner(answer.Body)
	for lines.Scan() && !strings.Contains(lines.Text(), "one") {
		if strings.Contains(lines.Text(), "two") {
			t.Fatal("the second piece does not wait")
		}
	}
	close(pause)
	rest := ""
	for lines.Scan() {
		rest += lines.Text()
	}
	if !strings.Contains(rest, "two") || !strings.Contains(rest, "message_stop") {
		t.Errorf("the rest is %s", rest)
	}
	late, cancelLate := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancelLate()
	if _, err := s.Await(late, func(r Request) bool { return r.Said == "never" }); err == nil {
		t.Error("a request comes that nobody has made")
	}
}

func TestConstant(t *testing.T) {
	server := httptest.NewServer(Constant(key, "m", Step{Text: []string{"Hello"}}))
	t.Cleanup(server.Close)
	s := &Server{URL: server.URL}
	if said := bodyOf(t, ask(t, s, "/v1/messages", lesson("x", false))); !strings.Contains(said, `"text":"Hello"`) {
		t.Errorf("the answer is %s", said)
	}
	if kinds, _ := names(t, bodyOf(t, ask(t, s, "/v1/messages", lesson("x", true)))); kinds[len(kinds)-1] != "message_stop" {
		t.Errorf("the events are %v", kinds)
	}
	other := httptest.NewServer(Constant("another", "m", Step{}))
	t.Cleanup(other.Close)
	if answer := ask(t, &Server{URL: other.URL}, "/v1/messages", lesson("x", false)); answer.StatusCode != 401 {
		t.Errorf("another key: %s", answer.Status)
	}
}
