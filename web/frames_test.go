package web

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func FuzzParseMessage(f *testing.F) {
	for _, seed := range []string{
		`{"type":"resize","cols":80,"rows":24}`, `{"type":"ack","bytes":400000}`, `{"type":"ping"}`, `{"type":"input","data":"한\r"}`,
		`{"type":"input"}`, `{"type":"resize","cols":0,"rows":-1}`, `{"type":1}`, `null`, `[]`, ``, "\xed\x95", `{"TYPE":"ping","type":"ack"}`,
		`{"type":"ack","bytes":-9223372036854775808}`, `{"type":"resize","cols":2000,"rows":2000}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := parseMessage(data)
		if err != nil {
			if !utf8.ValidString(err.Error()) || strings.ContainsAny(err.Error(), "\r\n\x1b") {
				t.Errorf("the error is %q", err)
			}
			return
		}
		switch m.Type {
		case messageResize:
			if m.Cols < 1 || m.Rows < 1 || m.Cols > mostCells || m.Rows > mostCells {
				t.Errorf("a size of %d×%d is taken", m.Cols, m.Rows)
			}
		case messageAck, messagePing, messageInput:
		default:
			t.Errorf("the type %q is taken", m.Type)
		}
		if !utf8.ValidString(m.Data) {
			t.Errorf("%q was typed", m.Data)
		}
	})
}

func TestCourseOfURL(t *testing.T) {
	for address, want := range map[string]string{
		"https://raw.githubusercontent.com/owner/repo/main/papers/deep/CLAUDE.md": "papers-deep",
		"https://github.com/owner/repo/tree/main/papers/Deep":                     "papers-deep",
		"https://github.com/owner/repo/blob/main/papers/deep/claude.md":           "papers-deep",
		"https://github.com/owner/repo/tree/main":                                 "repo",
		"https://raw.githubusercontent.com/owner/repo/main/papers//deep/":         "papers-deep",
		"https://raw.githubusercontent.com/owner/repo/main/%EA%B0%95/x?token=1#y": "강-x",
		"https://github.com/owner/SSH-from-the-Inside":                            "ssh-from-the-inside",
		"https://github.com/owner/repo.git":                                       "repo",
		"https://github.com/owner":                                                "",
		"https://github.com":                                                      "", "a-course": "a-course", "papers/deep": "papers/deep", "": "",
		"https://raw.githubusercontent.com/owner/repo/main/CLAUDE.md": "repo",
	} {
		if got := courseOfURL(address); got != want {
			t.Errorf("%q is the course %q, want %q", address, got, want)
		}
	}
}

func FuzzCourseOfURL(f *testing.F) {
	for _, seed := range []string{
		"https://github.com/o/r/tree/main/a/b", "https://github.com/o/r/blob", "https://h/a/b/c/d", "a-course", "%zz", "//h/a/b/c/CLAUDE.md", "https://h/////////",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, address string) {
		if got := courseOfURL(address); got != address && strings.Contains(got, "/") && !strings.Contains(address, "%2") {
			t.Errorf("%q is the course %q", address, got)
		}
	})
}
