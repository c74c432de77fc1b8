package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
	"golang.org/x/crypto/ssh"

	"lectern/web/api"
)

// size is that of the page's terminal, in cells.
type size struct{ cols, rows int }

// line is one WebSocket and the terminal of the gateway behind it.
type line struct {
	server  *Server
	conn    *websocket.Conn
	tcp     net.Conn // below conn
	visitor visitor
	session string // the one to go back into; empty: the picker
	epoch   int    // of session, where the page comes back by itself
	from    net.Addr
	// acknowledges is set for a page that tells what it has drawn. Others are
	// held back by TCP alone.
	acknowledges bool
	flow         *flow
	typed        *typed
	sizes        chan size // the newest
	pings        chan struct{}
	heard        atomic.Int64 // how many messages of the page
}

// send sends a text message.
func (l *line) send(ctx context.Context, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return l.conn.Write(ctx, websocket.MessageText, data)
}

// read takes the page's messages until it goes or says what cannot be. Nothing in
// here waits for the terminal: an acknowledgement may be what that waits for. It
// ends with the connection.
func (l *line) read() error {
	var buf bytes.Buffer
	for first := l.acknowledges; ; first = false {
		kind, message, err := l.conn.Reader(context.Background())
		if err != nil {
			return errPageGone
		}
		buf.Reset()
		if _, err := buf.ReadFrom(io.LimitReader(message, mostOfFrame+1)); err != nil {
			return errPageGone
		}
		if buf.Len() > mostOfFrame {
			return errTooBig
		}
		l.heard.Add(1)
		l.server.metrics.bytes.WithLabelValues(fromPage).Add(float64(buf.Len()))
		if kind == websocket.MessageBinary {
			switch {
			case first:
				return errNoSize
			case !l.typed.add(buf.Bytes()):
				return errTooMuch
			}
			continue
		}
		m, err := parseMessage(buf.Bytes())
		if err != nil {
			return sentence("This message cannot be read: " + err.Error() + ".")
		}
		if first && m.Type != messageResize {
			return errNoSize
		}
		switch m.Type {
		case messageResize:
			l.resize(size{m.Cols, m.Rows})
		case messageAck:
			if !l.flow.acknowledge(m.Bytes) {
				return errAcks
			}
		case messagePing:
			select {
			case l.pings <- struct{}{}:
			default: // the answer to the one before is on its way
			}
		case messageInput:
			if !l.typed.add([]byte(m.Data)) {
				return errTooMuch
			}
		}
	}
}

// resize leaves only the newest size. Only read calls it.
func (l *line) resize(s size) {
	select {
	case <-l.sizes:
	default:
	}
	l.sizes <- s
}

// serve connects to the gateway and passes bytes both ways until the terminal
// ends, which is told, or ctx does.
func (l *line) serve(ctx context.Context, cancel context.CancelCauseFunc) (ended sessionEnd, err error) {
	first, err := l.firstSize(ctx)
	if err != nil {
		return ended, err
	}
	entry, err := l.server.gateway.Enter(ctx, l.visitor.Identity, l.from)
	if err != nil {
		return ended, err
	}
	defer func() { _ = entry.Conn.Close() }()
	defer context.AfterFunc(ctx, func() {
		l.flow.close()
		_ = entry.Conn.Close()
	})()
	told := &lastWords{}
	entry.Config.BannerCallback = told.banner
	transport, channels, requests, err := ssh.NewClientConn(entry.Conn, "gateway", entry.Config)
	if words := told.text(); err != nil && words != "" {
		return ended, &api.Refused{Kind: api.Unavailable, Detail: words}
	}
	if err != nil {
		return ended, fmt.Errorf("sign in to the gateway: %w", err)
	}
	client := ssh.NewClient(transport, channels, requests)
	defer func() { _ = client.Close() }()
	session, err := client.NewSession()
	var refused *ssh.OpenChannelError
	if errors.As(err, &refused) {
		return refusedEnd(refused), nil
	}
	if err != nil {
		return ended, fmt.Errorf("open a session: %w", err)
	}
	return l.terminal(ctx, cancel, session, entry.News, first)
}

// firstSize is what the page says first. Clients that know no subprotocol may say
// nothing of it.
func (l *line) firstSize(ctx context.Context) (size, error) {
	if !l.acknowledges {
		select {
		case s := <-l.sizes:
			return s, nil
		default:
			return size{80, 24}, nil
		}
	}
	late := time.NewTimer(l.server.pace.size)
	defer late.Stop()
	select {
	case s := <-l.sizes:
		return s, nil
	case <-late.C:
		return size{}, errNoSize
	case <-ctx.Done():
		return size{}, context.Cause(ctx)
	}
}

// terminal runs a session of the gateway on the page's terminal.
func (l *line) terminal(ctx context.Context, cancel context.CancelCauseFunc, session *ssh.Session, news <-chan api.News, first size) (ended sessionEnd, err error) {
	words := &lastWords{}
	session.Stderr = words
	out, err := session.StdoutPipe()
	if err != nil {
		return ended, err
	}
	in, err := session.StdinPipe()
	if err != nil {
		return ended, err
	}
	if err := session.RequestPty("xterm-256color", first.rows, first.cols, ssh.TerminalModes{}); err != nil {
		return ended, fmt.Errorf("ask for a terminal: %w", err)
	}
	_ = session.Setenv("COLORTERM", "truecolor")
	switch {
	case l.session == "":
		err = session.Shell()
	case l.epoch == 0:
		err = session.Start("resume -- " + quoted(l.session))
	default:
		err = session.Start(fmt.Sprintf("resume -- %s %d", quoted(l.session), l.epoch))
	}
	if err != nil {
		return ended, fmt.Errorf("start a session: %w", err)
	}
	over, finish := context.WithCancel(ctx)
	writing, stop := lingering(over, l.server.pace.closing)
	defer stop()
	var running sync.WaitGroup
	defer running.Wait()
	defer finish()
	defer l.typed.close()
	running.Go(func() { l.typed.writeTo(in) })
	running.Go(func() { l.report(over, writing, session, news) })
	running.Go(func() {
		if err := l.watch(over); err != nil {
			cancel(err)
		}
	})
	running.Go(func() {
		if fallsSilent(over, l.server.pace.ping, l.heard.Load, l.conn.Ping) {
			cancel(errPageGone)
		}
	})
	waited := make(chan error, 1)
	running.Go(func() {
		waited <- session.Wait()
		l.flow.closeWhenStuck(over, l.server.pace.draw)
	})
	if err := l.copy(writing, out); err != nil {
		cancel(errPageGone)
	}
	return endOf(<-waited, words.text()), nil
}

// copy sends what the terminal shows, as fast as the page draws it.
func (l *line) copy(ctx context.Context, out io.Reader) error {
	buf := make([]byte, 32<<10)
	for {
		if l.acknowledges && !l.flow.wait() {
			return nil
		}
		n, err := out.Read(buf)
		if n > 0 {
			l.flow.send(n)
			l.server.metrics.bytes.WithLabelValues(toPage).Add(float64(n))
			if err := l.conn.Write(ctx, websocket.MessageBinary, buf[:n]); err != nil {
				return err
			}
		}
		if err != nil {
			return nil // the end of the terminal, which Wait tells about
		}
	}
}

// report tells the gateway of sizes, and the page of news.
func (l *line) report(ctx, writing context.Context, session *ssh.Session, news <-chan api.News) {
	for {
		var err error
		select {
		case s := <-l.sizes:
			// One that has ended takes none, while the page still draws its rest.
			_ = session.WindowChange(s.rows, s.cols)
		case item := <-news:
			err = l.send(writing, item)
		case <-l.pings:
			err = l.send(writing, pong)
		case <-ctx.Done():
			return
		}
		if err != nil {
			return // the page has gone, which the one who reads finds out
		}
	}
}

// watch asks the gateway whether the learner may still be here.
func (l *line) watch(ctx context.Context) error {
	server := l.server
	again := time.NewTicker(server.pace.look)
	defer again.Stop()
	expired := time.NewTimer(l.visitor.browser.Expires.Sub(server.opts.Now()))
	defer expired.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-expired.C:
			return errExpired
		case <-again.C:
			_, err := server.gateway.Still(ctx, l.visitor.Identity)
			var refused *api.Refused
			if errors.As(err, &refused) && refused.Kind == api.Unwelcome {
				return sentence(refused.Detail)
			}
		}
	}
}

// quoted is a word as the gateway's commands take it.
func quoted(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }
