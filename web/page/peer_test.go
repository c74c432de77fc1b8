package page_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"lectern/web/page"
)

// link is one WebSocket of the page.
type link struct {
	conn    *websocket.Conn
	session string // of its address
	epoch   string
	deaf    bool // answers no ping

	mu      sync.Mutex
	sent    int64
	changed chan struct{} // closed, and made anew, when anything below is
	first   string        // the type of the first message
	typed   []byte
	acked   int64
	sizes   []size
	ended   bool
}

type size struct{ Cols, Rows int }

func (l *lab) serveLink(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{page.Protocol}})
	if err != nil {
		return
	}
	defer func() { _ = conn.CloseNow() }()
	conn.SetReadLimit(32 << 10)
	k := &link{conn: conn, session: r.URL.Query().Get("sessionId"), epoch: r.URL.Query().Get("epoch"), changed: make(chan struct{})}
	l.change(func() { k.deaf = l.deaf })
	l.links <- k
	k.read(l.over)
}

func (k *link) read(ctx context.Context) {
	for {
		kind, data, err := k.conn.Read(ctx)
		var message struct {
			Type       string
			Bytes      int64
			Cols, Rows int
		}
		if kind == websocket.MessageText {
			_ = json.Unmarshal(data, &message)
		}
		k.mu.Lock()
		switch {
		case err != nil:
			k.ended = true
		case kind == websocket.MessageBinary:
			k.typed = append(k.typed, data...)
			message.Type = "typed"
		case message.Type == "resize":
			k.sizes = append(k.sizes, size{message.Cols, message.Rows})
		case message.Type == "ack":
			k.acked = message.Bytes
		}
		if k.first == "" {
			k.first = message.Type
		}
		close(k.changed)
		k.changed = make(chan struct{})
		k.mu.Unlock()
		if err != nil {
			return
		}
		if message.Type == "ping" && !k.deaf {
			_ = k.conn.Write(ctx, websocket.MessageText, []byte(`{"type":"pong"}`))
		}
	}
}

// await waits until what the page has done is as ok wants it.
func (k *link) await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	if err := k.until(what, ok); err != nil {
		t.Fatal(err)
	}
}

func (k *link) until(what string, ok func() bool) error {
	timeout := time.After(patience)
	for {
		k.mu.Lock()
		changed, done, ended := k.changed, ok(), k.ended
		typed, acked, sent := string(k.typed), k.acked, k.sent
		k.mu.Unlock()
		if done {
			return nil
		}
		if ended {
			return fmt.Errorf("the link ended before the page did this: %s", what)
		}
		select {
		case <-changed:
		case <-timeout:
			return fmt.Errorf("waited in vain for the page: %s; it typed %.200q and acknowledged %d of %d bytes", what, typed, acked, sent)
		}
	}
}

func (k *link) awaitTyped(t *testing.T, want string) {
	t.Helper()
	k.await(t, "type "+want, func() bool {
		if !strings.HasSuffix(string(k.typed), want) {
			return false
		}
		k.typed = nil
		return true
	})
}

// next is the WebSocket that the page opens next, once it has told its size.
func (l *lab) next(t *testing.T) *link {
	t.Helper()
	select {
	case k := <-l.links:
		k.await(t, "tell its size", func() bool { return len(k.sizes) > 0 })
		if k.first != "resize" {
			t.Errorf("the first message of the page is %q, want resize", k.first)
		}
		return k
	case <-time.After(patience):
		t.Fatal("waited in vain for the page to open a WebSocket")
		return nil
	}
}

// print sends output, never more than the window ahead of what is drawn, and
// returns when all is.
func (k *link) print(t *testing.T, output string) {
	t.Helper()
	if err := k.send(t.Context(), output); err != nil {
		t.Fatal(err)
	}
}

func (k *link) send(ctx context.Context, output string) error {
	for len(output) > 0 {
		n := min(len(output), 32<<10)
		if err := k.until("draw what was sent", func() bool { return k.sent-k.acked+int64(n) <= window }); err != nil {
			return err
		}
		if err := k.conn.Write(ctx, websocket.MessageBinary, []byte(output[:n])); err != nil {
			return err
		}
		k.mu.Lock()
		k.sent += int64(n)
		k.mu.Unlock()
		output = output[n:]
	}
	return k.until("draw all", func() bool { return k.acked == k.sent })
}

// tell sends a message.
func (k *link) tell(t *testing.T, message map[string]any) {
	t.Helper()
	data, err := json.Marshal(message)
	if err == nil {
		err = k.conn.Write(t.Context(), websocket.MessageText, data)
	}
	if err != nil {
		t.Fatalf("tell: %v", err)
	}
}
