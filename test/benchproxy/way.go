package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"lectern/internal/fakeanthropic"
)

const (
	model = "claude-bench-1"
	// bodyBytes is what a request of Claude Code has in the middle of a lesson.
	bodyBytes = 60_000
)

// answer is a short one, so that what it costs to carry is seen.
func answer() fakeanthropic.Step {
	return fakeanthropic.Step{Text: strings.SplitAfter(strings.Repeat("a few words of the tutor, ", 8), ", ")}
}

// lesson is text as it stands in such a request: lines of prose, some with a word
// in quotes. As JSON it has 21 backslashes a KB; the first request of a lesson
// with Claude Code 2.1.332, which has 20 KB, has 11.
const lesson = "The client sends its list of algorithms first, and the server answers\n" +
	"with a list of its own. Of each kind, the first of the client's that the\n" +
	"server has too is taken, and what they do not have in common is no more\n" +
	"of any use. That is called \"negotiation\", though nobody gives in to anyone.\n"

// body is a request like those of Claude Code.
func body(stream bool) []byte {
	type object = map[string]any
	tools := []object{}
	for _, name := range []string{"Glob", "Grep", "Read"} {
		tools = append(tools, object{"name": name, "description": strings.Repeat("What the tool does. ", 60), "input_schema": object{"type": "object", "properties": object{"path": object{"type": "string"}}}})
	}
	messages := []object{}
	said := strings.Repeat(lesson, 6)
	for size := 0; size < bodyBytes-12_000; size += len(said) {
		role := "user"
		if len(messages)%2 == 1 {
			role = "assistant"
		}
		messages = append(messages, object{"role": role, "content": []object{{"type": "text", "text": said}}})
	}
	b, err := json.Marshal(object{
		"model": model, "max_tokens": 64_000, "stream": stream, "tools": tools, "messages": messages,
		"system": []object{{"type": "text", "text": strings.Repeat("You are a tutor. ", 300)}},
	})
	if err != nil {
		panic(err) // it holds texts and numbers only
	}
	return b
}

// way is one of those that are compared, and what was measured of it.
type way struct {
	name               string
	url                string // without a path
	header, credential string
	server             *server // none for the direct call
	client             *http.Client

	answers, firsts []time.Duration
	perSecond       []float64
	cpu             []time.Duration // for a request
}

func newClient(connections int, roots *x509.CertPool) *http.Client {
	return &http.Client{Transport: &http.Transport{
		MaxIdleConnsPerHost: connections, DisableCompression: true, TLSClientConfig: &tls.Config{RootCAs: roots},
	}}
}

// ask sends a request and reads the answer to its end. It returns how long the
// first event took, or the first byte, and how long the whole.
func (w *way) ask(ctx context.Context, body []byte, stream bool) (first, whole time.Duration, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url+"/v1/messages?beta=true", bytes.NewReader(body))
	if err != nil {
		return 0, 0, err
	}
	r.Header.Set(w.header, w.credential)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Anthropic-Version", "2023-06-01")
	began := time.Now()
	answer, err := w.client.Do(r)
	if err != nil {
		return 0, 0, fmt.Errorf("%s: %w", w.name, err)
	}
	defer answer.Body.Close()
	in := bufio.NewReader(answer.Body)
	if answer.StatusCode != http.StatusOK {
		said, _ := in.ReadString('\n')
		return 0, 0, fmt.Errorf("%s: %s: %s", w.name, answer.Status, said)
	}
	for ended := !stream; !ended; { // an event ends with an empty line
		line, err := in.ReadSlice('\n')
		if err != nil {
			return 0, 0, fmt.Errorf("%s: read the first event: %w", w.name, err)
		}
		ended = len(line) == 1
	}
	first = time.Since(began)
	rest, err := io.ReadAll(in)
	if err != nil {
		return 0, 0, fmt.Errorf("%s: %w", w.name, err)
	}
	if stream && !bytes.Contains(rest, []byte("message_stop")) {
		return 0, 0, errors.New(w.name + ": the stream has no end")
	}
	return first, time.Since(began), nil
}
