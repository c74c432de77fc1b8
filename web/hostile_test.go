package web

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// resize is what a page says first.
var resize = marshal(map[string]any{"type": "resize", "cols": 80, "rows": 24})

// TestBadMessages: what cannot be understood is answered in words, and with the
// end.
func TestBadMessages(t *testing.T) {
	text := func(m string) func(*sock) {
		return func(s *sock) { s.send(websocket.MessageText, []byte(m)) }
	}
	cases := map[string]struct {
		send  func(*sock)
		code  websocket.StatusCode
		words string
	}{
		"garbage":                       {text("}{"), websocket.StatusPolicyViolation, "cannot be read: a text message is no JSON."},
		"nothing":                       {text(""), websocket.StatusPolicyViolation, "cannot be read: a text message is no JSON."},
		"a number":                      {text("7"), websocket.StatusPolicyViolation, "is no JSON of the form that docs/api.md describes."},
		"no type":                       {text("{}"), websocket.StatusPolicyViolation, "unknown type"},
		"unknown type":                  {text(`{"type":"shutdown"}`), websocket.StatusPolicyViolation, "unknown type"},
		"half a UTF-8 character":        {text("{\"type\":\"input\",\"data\":\"\xed\x95\"}"), websocket.StatusPolicyViolation, "UTF-8"},
		"no size":                       {text(`{"type":"resize"}`), websocket.StatusPolicyViolation, "columns and rows"},
		"a size that is no number":      {text(`{"type":"resize","cols":"many","rows":2}`), websocket.StatusPolicyViolation, "is no JSON of the form that docs/api.md describes."},
		"half a column":                 {text(`{"type":"resize","cols":80.5,"rows":2}`), websocket.StatusPolicyViolation, "is no JSON of the form that docs/api.md describes."},
		"less than no size":             {text(`{"type":"resize","cols":-1,"rows":24}`), websocket.StatusPolicyViolation, "columns and rows"},
		"a size that nobody has":        {text(`{"type":"resize","cols":80,"rows":4294967296}`), websocket.StatusPolicyViolation, "columns and rows"},
		"more acknowledged than sent":   {text(`{"type":"ack","bytes":1000000}`), websocket.StatusPolicyViolation, "More was acknowledged"},
		"less acknowledged than before": {func(s *sock) { text(`{"type":"ack","bytes":5}`)(s); text(`{"type":"ack","bytes":4}`)(s) }, websocket.StatusPolicyViolation, "More was acknowledged"},
		"a large ack":                   {text(`{"type":"ack","bytes":99999999999999999999}`), websocket.StatusPolicyViolation, "is no JSON of the form that docs/api.md describes."},
		"10 MB of text":                 {text(`{"type":"input","data":"` + strings.Repeat("x", 10<<20) + `"}`), websocket.StatusMessageTooBig, "too long"},
		"10 MB":                         {func(s *sock) { s.send(websocket.MessageBinary, make([]byte, 10<<20)) }, websocket.StatusMessageTooBig, "too long"},
		"a byte too much":               {func(s *sock) { s.send(websocket.MessageBinary, make([]byte, mostOfFrame+1)) }, websocket.StatusMessageTooBig, "too long"},
		"deep JSON":                     {text(`{"type":"input","data":` + strings.Repeat("[", 60_000) + `}`), websocket.StatusPolicyViolation, "cannot be read: a text message is no JSON."},
	}
	// As long as a busy machine takes to send what is too much.
	h := newHouse(t, func(_ *Options, p *pace) { p.closing = patience })
	b := h.visit(ada)
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := b.dial("/ws", subprotocol)
			s.t = t
			s.with(func() { s.acks = false })
			s.send(websocket.MessageText, resize)
			term := h.gateway.next()
			term.print("hello")
			s.shows("hello")
			s.types("before")
			term.reads("before") // nothing is lost of that
			c.send(s)
			s.ends(c.code, false, c.words)
			eventually(t, "the terminal to end", term.hasEnded)
		})
	}
}

// TestHalfACharacter of what is typed is passed on as it is, and its other half
// with the next message; so is what is no character at all.
func TestHalfACharacter(t *testing.T) {
	h := newHouse(t)
	s, term := h.visit(ada).enter("/ws")
	for _, half := range []string{"\xed\x95", "\x9c", "\xed", "\x95\x9c\xf0", "\xff\xc0"} {
		s.types(half)
		term.reads(half) // nothing is held back for the rest
	}
}

// TestFirstMessage has to be a resize, and to come.
func TestFirstMessage(t *testing.T) {
	h := newHouse(t, func(_ *Options, p *pace) { p.size = 100 * time.Millisecond })
	b := h.visit(ada)
	for name, say := range map[string]func(*sock){
		"nothing":      func(*sock) {},
		"typed":        func(s *sock) { s.types("x") },
		"input":        func(s *sock) { s.say(map[string]any{"type": "input", "data": "x"}) },
		"ping":         func(s *sock) { s.say(map[string]any{"type": "ping"}) },
		"acknowledged": func(s *sock) { s.say(map[string]any{"type": "ack", "bytes": 0}) },
	} {
		t.Run(name, func(t *testing.T) {
			s := b.dial("/ws", subprotocol)
			s.t = t
			say(s)
			s.ends(websocket.StatusPolicyViolation, false, "The first message has to be a resize")
		})
	}
	if len(h.gateway.from) > 0 {
		t.Errorf("%d of them came to the gateway", len(h.gateway.from))
	}
}

// TestFloodOfInput: a sandbox that reads nothing is given only so much, in order,
// and who types on is told.
func TestFloodOfInput(t *testing.T) {
	h := newHouse(t)
	s, term := h.visit(ada).enter("/ws")
	frame := make([]byte, 32<<10)
	sent := 0
	for {
		for i := range len(frame) / 8 {
			binary.BigEndian.PutUint64(frame[8*i:], uint64(sent+8*i))
		}
		if s.conn.Write(t.Context(), websocket.MessageBinary, frame) != nil {
			break
		}
		if sent += len(frame); sent > 64<<20 {
			t.Fatal("64 MiB were taken that nobody reads")
		}
	}
	s.ends(websocket.StatusPolicyViolation, false, "More was typed than the sandbox takes")
	if sent < mostTyped {
		t.Errorf("only %d bytes were taken", sent)
	}
	got, _ := io.ReadAll(term.channel)
	for i := range len(got) / 8 {
		if at := binary.BigEndian.Uint64(got[8*i:]); at != uint64(8*i) {
			t.Fatalf("at byte %d is what was typed at %d", 8*i, at)
		}
	}
	if len(got) < pieceTyped {
		t.Errorf("the terminal got %d bytes", len(got))
	}
}

// TestLongPaste is the longest that the page lets through.
func TestLongPaste(t *testing.T) {
	h := newHouse(t)
	s, term := h.visit(ada).enter("/ws")
	text := strings.Repeat("한", 1<<20)
	for rest := text; rest != ""; {
		n := min(len(rest), 16<<10)
		s.types(rest[:n])
		rest = rest[n:]
	}
	term.reads(text)
}

// TestHalfAFrame: a page that stops in the middle of a frame keeps nobody from
// ending, least of all the server.
func TestHalfAFrame(t *testing.T) {
	for name, length := range map[string]uint64{"short": 1000, "too long": 1 << 40} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, func(_ *Options, p *pace) { p.closing = 200 * time.Millisecond })
			b := h.visit(ada)
			conn := b.raw()
			_, _ = conn.Write(append([]byte{0x81, 0x80 | byte(len(resize)), 0, 0, 0, 0}, resize...))
			term := h.gateway.next()
			// A masked binary frame (RFC 6455 section 5.2) of which only the beginning comes.
			header := binary.BigEndian.AppendUint64([]byte{0x82, 0x80 | 127}, length)
			_, _ = conn.Write(append(append(header, 0, 0, 0, 0), make([]byte, min(length, mostOfFrame+100)-1)...))
			if name == "short" {
				if _, err := h.server.Revoke("ada", ""); err != nil {
					t.Fatal(err)
				}
			}
			within(t, 12*time.Second, "the end", func() {
				eventually(t, "the terminal to end", term.hasEnded)
				h.close()
			})
			_ = conn.Close()
			h.open("")
		})
	}
}

// handshake are the headers that ask for a WebSocket.
var handshake = map[string]string{
	"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
	"Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==", "Sec-WebSocket-Protocol": subprotocol,
}

// raw is a WebSocket whose bytes the test writes itself.
func (b *visiting) raw() net.Conn {
	b.t.Helper()
	var dialer net.Dialer
	ctx, cancel := context.WithTimeout(b.t.Context(), patience)
	defer cancel()
	conn, err := dialer.DialContext(ctx, "tcp", b.http.Listener.Addr().String())
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = conn.Close() })
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, b.http.URL+"/ws", nil)
	if err != nil {
		b.t.Fatal(err)
	}
	for name, value := range handshake {
		r.Header.Set(name, value)
	}
	r.AddCookie(&http.Cookie{Name: b.cookie.Name, Value: b.cookie.Value})
	if err := r.Write(conn); err != nil {
		b.t.Fatal(err)
	}
	head := make([]byte, 12)
	if _, err := io.ReadFull(conn, head); err != nil || string(head) != "HTTP/1.1 101" {
		b.t.Fatalf("the handshake is answered with %q, %v", head, err)
	}
	return conn
}

// TestHandshakes that are none, or of another protocol.
func TestHandshakes(t *testing.T) {
	h := newHouse(t)
	b := h.visit(ada)
	b.get("/ws").want(http.StatusUpgradeRequired)
	b.get("/ws", func(r *http.Request) { r.Header.Set("Sec-WebSocket-Protocol", "lectern.v2") }).refused(http.StatusBadRequest, subprotocol)
	for _, epoch := range []string{"0", "-1", "1.5", "x", "99999999999999999999", "1%20", "4294967296"} {
		b.get("/ws?sessionId=a&epoch="+epoch).refused(http.StatusBadRequest, "The epoch is a positive number")
	}
	b.post("/ws", nil).refused(http.StatusMethodNotAllowed, "use GET")
	for _, protocols := range [][]string{{"lectern.v2"}, {"tty", "lectern.v10"}, {"LECTERN.V1"}} {
		if _, answer, err := b.tryDial("/ws", protocols...); err == nil || answer.StatusCode != http.StatusBadRequest {
			t.Errorf("a WebSocket of %v opens", protocols)
		}
	}
	s := b.dial("/ws", "tty", subprotocol)
	if s.conn.Subprotocol() != subprotocol {
		t.Errorf("the subprotocol is %q", s.conn.Subprotocol())
	}
	for name, change := range map[string]func(*visiting){
		"of another site": func(b *visiting) { b.header.Set("Origin", "https://elsewhere.example") },
		"of no site":      func(b *visiting) { b.header.Set("Origin", "null") },
		"of another port": func(b *visiting) { b.header.Set("Origin", "http://127.0.0.1:1") },
		"over TLS":        func(b *visiting) { b.header.Set("Origin", strings.Replace(h.http.URL, "http:", "https:", 1)) },
		"of a longer one": func(b *visiting) { b.header.Set("Origin", h.http.URL+".elsewhere.example") },
	} {
		other := h.visit(ada)
		change(other)
		if _, answer, err := other.tryDial("/ws", subprotocol); err == nil || answer.StatusCode != http.StatusForbidden {
			t.Errorf("a WebSocket of a page %s opens", name)
		}
	}
	own := h.visit(ada)
	own.header.Set("Origin", h.http.URL)
	own.enter("/ws")
}

// speak sends what it is given to the server, as it is.
func (b *visiting) speak(text string) net.Conn {
	b.t.Helper()
	conn, err := (&net.Dialer{Timeout: patience}).DialContext(b.t.Context(), "tcp", b.http.Listener.Addr().String())
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = conn.Close() })
	if _, err := io.WriteString(conn, text); err != nil {
		b.t.Fatal(err)
	}
	return conn
}
