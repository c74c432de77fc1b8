package web

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/coder/websocket"
)

// sock is the page's end of a WebSocket.
type sock struct {
	t    *testing.T
	conn *websocket.Conn
	read sync.WaitGroup

	mu       sync.Mutex
	acks     bool // what has come is acknowledged as soon as it is there
	keeps    bool // what has come is kept, and not only counted
	output   []byte
	bytes    int64
	messages []map[string]any
	over     error // the end of the reading
}

// dial opens a WebSocket and says nothing.
func (b *visiting) dial(path string, protocols ...string) *sock {
	b.t.Helper()
	conn, answer, err := b.tryDial(path, protocols...)
	if err != nil {
		b.t.Fatalf("dial %s: %v, %+v", path, err, answer)
	}
	spec().saw(http.MethodGet, "/ws", http.StatusSwitchingProtocols)
	s := &sock{t: b.t, conn: conn, acks: true, keeps: true}
	conn.SetReadLimit(-1)
	s.read.Go(s.take)
	b.t.Cleanup(func() {
		_ = conn.CloseNow()
		s.read.Wait()
	})
	return s
}

func (b *visiting) tryDial(path string, protocols ...string) (*websocket.Conn, *http.Response, error) {
	header := b.header.Clone()
	if b.cookie != nil {
		header.Set("Cookie", b.cookie.Name+"="+b.cookie.Value)
	}
	transport := &http.Transport{DisableKeepAlives: true}
	if b.link != nil {
		transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return b.link(conn), nil
		}
	}
	ctx, cancel := context.WithTimeout(b.t.Context(), patience)
	defer cancel()
	return websocket.Dial(ctx, b.at(path), &websocket.DialOptions{
		HTTPClient: &http.Client{Transport: transport}, HTTPHeader: header, Subprotocols: protocols,
	})
}

// enter opens a WebSocket as the page does, and gives the terminal behind it.
func (b *visiting) enter(path string) (*sock, *terminal) {
	b.t.Helper()
	s := b.dial(path, subprotocol)
	s.say(map[string]any{"type": "resize", "cols": 100, "rows": 40})
	return s, b.gateway.next()
}

// take reads what comes, as the page does that draws it at once.
func (s *sock) take() {
	for {
		kind, data, err := s.conn.Read(context.Background())
		s.mu.Lock()
		var ack int64 = -1
		switch {
		case err != nil:
			s.over = err
		case kind == websocket.MessageBinary:
			if s.keeps {
				s.output = append(s.output, data...)
			}
			if s.bytes += int64(len(data)); s.acks {
				ack = s.bytes
			}
		default:
			var m map[string]any
			if err := json.Unmarshal(data, &m); err != nil {
				s.t.Errorf("the message %q is no JSON: %v", data, err)
			}
			s.messages = append(s.messages, m)
		}
		s.mu.Unlock()
		if err != nil {
			return
		}
		if ack >= 0 {
			_ = s.conn.Write(context.Background(), websocket.MessageText, marshal(map[string]any{"type": "ack", "bytes": ack}))
		}
	}
}

func marshal(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return data
}

func (s *sock) say(v any) {
	s.t.Helper()
	s.send(websocket.MessageText, marshal(v))
}

func (s *sock) types(text string) {
	s.t.Helper()
	s.send(websocket.MessageBinary, []byte(text))
}

func (s *sock) send(kind websocket.MessageType, data []byte) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	if err := s.conn.Write(ctx, kind, data); err != nil {
		s.t.Errorf("send: %v", err)
	}
}

func (s *sock) with(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

// shows waits for output.
func (s *sock) shows(text string) {
	s.t.Helper()
	eventually(s.t, "the terminal to show "+text, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return strings.Contains(string(s.output), text)
	})
}

// hears waits for a message of a type.
func (s *sock) hears(kind string) map[string]any {
	s.t.Helper()
	var found map[string]any
	eventually(s.t, "a message of type "+kind, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		for i, m := range s.messages {
			if m["type"] == kind {
				found = m
				s.messages = append(s.messages[:i:i], s.messages[i+1:]...)
				return true
			}
		}
		return false
	})
	return found
}

// ends waits for the end: its code, whether the page may come back, and words of
// the sentence.
func (s *sock) ends(code websocket.StatusCode, again bool, words string) {
	s.t.Helper()
	eventually(s.t, "the WebSocket to be closed", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.over != nil
	})
	s.read.Wait()
	var closed websocket.CloseError
	if !errors.As(s.over, &closed) || closed.Code != code {
		s.t.Errorf("it was closed by %v, want %v", s.over, code)
	}
	var end map[string]any
	for _, m := range s.messages {
		if m["type"] == "session_end" {
			end = m
		}
	}
	reason, _ := end["reason"].(string)
	if !strings.Contains(reason, words) || !strings.HasSuffix(reason, ".") || end["again"] != again {
		s.t.Errorf("the end is %v, want a sentence with %q and again %t", end, words, again)
	}
	if !strings.HasPrefix(reason, closed.Reason) || closed.Reason == "" {
		s.t.Errorf("it was closed with %q, and the sentence is %q", closed.Reason, reason)
	}
}
