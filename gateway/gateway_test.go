package gateway

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/crypto/ssh"

	"lectern/course"
	"lectern/gateway/auth"
	"lectern/internal/lecterntest"
	"lectern/progress"
	"lectern/sandbox/conformance"
	"lectern/sandbox/local"
)

// lectern is the program that runs in the sandboxes.
var lectern string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "lectern-gateway-")
	if err != nil {
		panic(err)
	}
	if lectern, err = lecterntest.Build(dir, false); err != nil {
		panic(err)
	}
	status := m.Run()
	_ = os.RemoveAll(dir)
	if status == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			status = 1
		}
	}
	os.Exit(status)
}

// lab is a running gateway whose sandboxes run a shell script that says and
// does what it is told, instead of a tutor.
type lab struct {
	t      *testing.T
	addr   string
	signer ssh.Signer
	server *Server
}

func newLab(t *testing.T, change func(*Options)) *lab {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	directory, err := auth.New(auth.Options{
		ExtraKeys: []auth.ExtraKey{{Login: "ada", Key: signer.PublicKey()}}, CachePath: filepath.Join(dir, "keys.db"), Logger: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	store, err := progress.Open(filepath.Join(dir, "lectern.db"))
	if err != nil {
		t.Fatal(err)
	}
	backend, err := local.New(t.Context(), local.Options{
		Dir: dir, Executable: lectern, Command: conformance.Command, Isolation: local.None, Life: time.Hour, Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	stage := course.Stage{Number: 1, Title: "Only stage", Concepts: []course.Concept{{ID: "c", Title: "C"}}}
	options := Options{
		HostKey: filepath.Join(dir, "host_key"), SharedLogin: "lab", AdminLogin: "admin",
		HandshakeTimeout: 5 * time.Second, KeepAlive: time.Minute, Directory: directory,
		Courses:  course.NewCatalogue([]course.Course{{ID: "only", Title: "Only course", Dir: dir, Stages: []course.Stage{stage}}}),
		Progress: store, Backend: backend, MaxSessions: 100, Grace: time.Hour, Log: log,
	}
	if change != nil {
		change(&options)
	}
	server, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx, listener) }()
	t.Cleanup(func() {
		infos, _ := backend.List(context.Background())
		for _, info := range infos {
			if sb, ok, _ := backend.Find(context.Background(), info.Login); ok {
				_ = sb.Kill(context.Background(), "the test is over")
			}
		}
		cancel()
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
		if err := store.Close(); err != nil {
			t.Error(err)
		}
		if err := directory.Close(); err != nil {
			t.Error(err)
		}
	})
	return &lab{t: t, addr: listener.Addr().String(), signer: signer, server: server}
}

func (l *lab) dial() *ssh.Client {
	l.t.Helper()
	client, err := ssh.Dial("tcp", l.addr, &ssh.ClientConfig{
		User: "lab", Auth: []ssh.AuthMethod{ssh.PublicKeys(l.signer)},
		HostKeyCallback: ssh.InsecureIgnoreHostKey(), Timeout: 10 * time.Second,
	})
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { _ = client.Close() })
	return client
}

// terminal is a session with a terminal, and what it has shown.
type terminal struct {
	t       *testing.T
	session *ssh.Session
	in      io.WriteCloser
	screen  *lecterntest.Screen
}

func open(t *testing.T, client *ssh.Client, command string) *terminal {
	t.Helper()
	session, err := client.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	term := &terminal{t: t, session: session, screen: lecterntest.NewScreen()}
	session.Stdout, session.Stderr = term.screen, term.screen
	if term.in, err = session.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := session.RequestPty("xterm-256color", 24, 80, ssh.TerminalModes{}); err != nil {
		t.Fatal(err)
	}
	if command == "" {
		err = session.Shell()
	} else {
		err = session.Start(command)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = session.Close() })
	return term
}

func (c *terminal) types(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c.in, text); err != nil {
		c.t.Fatalf("type: %v", err)
	}
}

func (c *terminal) expect(pattern string) {
	c.t.Helper()
	c.screen.Expect(c.t, pattern)
}

// enter goes from the picker into the sandbox.
func (c *terminal) enter() {
	c.t.Helper()
	c.expect("Only stage")
	c.types("\r")
	c.expect("hello from")
}

func TestNoKeyIsLostAtTheHandOff(t *testing.T) {
	l := newLab(t, nil)
	c := open(t, l.dial(), "")
	c.enter()
	c.types("say abc\r")
	c.expect("said abc")
	c.types("exit 0\r")
	// And back: the first key belongs to the picker.
	c.expect("Only stage")
	c.types("q")
	if err := c.session.Wait(); err != nil {
		t.Errorf("the session ended with %v", err)
	}
}

func TestRawOutputIsNotTranslated(t *testing.T) {
	l := newLab(t, nil)
	c := open(t, l.dial(), "")
	c.enter()
	c.types("raw\r")
	c.expect(`one\ntwo\nraw done`)
	c.types("exit 0\r")
	c.expect("Only stage")
}

func TestTerminalIsResetAfterTheSandbox(t *testing.T) {
	l := newLab(t, nil)
	c := open(t, l.dial(), "")
	c.enter()
	c.types("mess\r")
	c.expect("messed")
	c.types("die\r")
	c.expect(`\x1b\[\?1049l[^\n]*\x1b\[\?1002l[^\n]*\x1b\[\?2004l[^\n]*\x1b\[\?25h`)
	c.expect("The tutor was ended by signal 9")
}

func TestManyResizesWithNobodyToCare(t *testing.T) {
	l := newLab(t, nil)
	client := l.dial()
	c := open(t, client, "")
	c.expect("Only stage")
	for i := range 200 {
		if err := c.session.WindowChange(20+i%10, 80+i); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.session.WindowChange(30, 100); err != nil {
		t.Fatal(err)
	}
	c.types("\r")
	c.expect("hello from")
	c.types("size\r")
	c.expect("size 30 100")
	if err := c.session.WindowChange(100_000, 100_000); err != nil {
		t.Fatal(err)
	}
	if err := c.session.WindowChange(400, 600); err != nil {
		t.Fatal(err)
	}
	c.expect("winch 200 500") // cut to what is sensible
}

func TestOneChannelOfAConnectionCloses(t *testing.T) {
	l := newLab(t, nil)
	client := l.dial()
	one := open(t, client, "")
	one.enter()
	two := open(t, client, "")
	two.expect("Continue")
	if err := one.session.Close(); err != nil {
		t.Fatal(err)
	}
	two.types("\r")
	two.expect("hello from")
	two.types("say two\r")
	two.expect("said two")
}

func TestFloodToATerminalThatTakesNothing(t *testing.T) {
	l := newLab(t, nil)
	client := l.dial()
	stuck, err := client.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	out, err := stuck.StdoutPipe() // never read: the SSH window fills
	if err != nil {
		t.Fatal(err)
	}
	in, _ := stuck.StdinPipe()
	if err := stuck.RequestPty("xterm", 24, 80, nil); err != nil {
		t.Fatal(err)
	}
	if err := stuck.Start("start only"); err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(in, "send 12000000\r")
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		infos, err := l.server.lifecycle.List(t.Context())
		if err == nil && len(infos) == 1 && infos[0].Attached {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the session did not start: %v, %v", infos, err)
		}
	}
	// Another connection takes over at once, whatever the first one does.
	c := open(t, l.dial(), "")
	c.expect("Continue")
	c.types("\r")
	c.expect("sent")
	_ = out
}

func TestExitStatuses(t *testing.T) {
	l := newLab(t, nil)
	client := l.dial()
	for command, want := range map[string]int{"whoami": 0, "nonsense": 1, "stages": 1, "stages nothing": 1} {
		session, err := client.NewSession()
		if err != nil {
			t.Fatal(err)
		}
		err = session.Run(command)
		got := 0
		if status, ok := err.(*ssh.ExitError); ok {
			got = status.ExitStatus()
		} else if err != nil {
			t.Errorf("%s: %v", command, err)
		}
		if got != want {
			t.Errorf("%s ended with %d, want %d", command, got, want)
		}
	}
}

func TestConnectionCaps(t *testing.T) {
	l := newLab(t, func(o *Options) { o.MaxConnectionsPerAddress = 2 })
	first, _ := l.dial(), l.dial()
	conn, err := net.Dial("tcp", l.addr)
	if err != nil {
		t.Fatal(err)
	}
	said, _ := io.ReadAll(conn)
	_ = conn.Close()
	if !strings.Contains(string(said), "2 connections from your address already") {
		t.Errorf("the third connection is told %q", said)
	}
	_ = first.Close()
	for deadline := time.Now().Add(10 * time.Second); ; {
		if client, err := ssh.Dial("tcp", l.addr, &ssh.ClientConfig{
			User: "lab", Auth: []ssh.AuthMethod{ssh.PublicKeys(l.signer)}, HostKeyCallback: ssh.InsecureIgnoreHostKey(),
		}); err == nil {
			_ = client.Close()
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("a place that was given back is not free")
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func TestHandshakeDeadline(t *testing.T) {
	l := newLab(t, func(o *Options) { o.HandshakeTimeout = 200 * time.Millisecond })
	conn, err := net.Dial("tcp", l.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.ReadAll(conn); err != nil {
		t.Errorf("a silent client is not dropped: %v", err)
	}
}

func TestSilentPeerIsDropped(t *testing.T) {
	l := newLab(t, func(o *Options) { o.KeepAlive = 100 * time.Millisecond })
	// A proxy that stops forwarding plays a link that is cut without a word.
	proxy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = proxy.Close() }()
	cut, gone := make(chan struct{}), make(chan struct{})
	gateway := l.addr
	go func() {
		outside, err := proxy.Accept()
		if err != nil {
			return
		}
		inside, err := net.Dial("tcp", gateway)
		if err != nil {
			return
		}
		go func() {
			buf := make([]byte, 4096)
			for {
				n, err := outside.Read(buf)
				select {
				case <-cut:
					return
				default:
				}
				if err != nil {
					return
				}
				_, _ = inside.Write(buf[:n])
			}
		}()
		_, _ = io.Copy(outside, inside)
		_ = inside.Close()
		_ = outside.Close()
		close(gone)
	}()
	l.addr = proxy.Addr().String()
	c := open(t, l.dial(), "")
	c.enter()
	close(cut)
	select {
	case <-gone:
	case <-time.After(10 * time.Second):
		t.Fatal("the gateway keeps a peer that has vanished")
	}
}

// TestNothingIsLeft runs 50 sessions through every way of leaving and wants
// the goroutines and processes of before.
func TestNothingIsLeft(t *testing.T) {
	l := newLab(t, nil)
	one := func(i int) {
		client := l.dial()
		c := open(t, client, "")
		switch i % 4 {
		case 0: // leaves the picker
			c.expect("Only stage")
			c.types("q")
			_ = c.session.Wait()
		case 1: // vanishes in the picker
			c.expect("Only stage")
		case 2: // the tutor exits
			c.enter()
			c.types("exit 0\r")
			c.expect("Only stage")
			c.types("q")
			_ = c.session.Wait()
		case 3: // vanishes in the sandbox, comes back and ends it
			c.enter()
			_ = client.Close()
			client = l.dial()
			c = open(t, client, "")
			c.expect("Continue")
			c.types("\r")
			c.expect("hello from")
			c.types("exit 0\r")
			c.expect("Only stage")
		}
		_ = client.Close()
	}
	for i := range 4 {
		one(i)
	}
	settle := func(limit int) int {
		n := runtime.NumGoroutine()
		for deadline := time.Now().Add(10 * time.Second); n > limit && time.Now().Before(deadline); n = runtime.NumGoroutine() {
			time.Sleep(10 * time.Millisecond)
		}
		return n
	}
	before := settle(0)
	for i := range 50 {
		one(i)
	}
	if after := settle(before); after > before {
		buf := make([]byte, 1<<20)
		t.Errorf("%d goroutines before 50 sessions, %d after\n%s", before, after, buf[:runtime.Stack(buf, true)])
	}
	for deadline := time.Now().Add(10 * time.Second); ; {
		infos, err := l.server.lifecycle.List(t.Context())
		if err == nil && len(infos) == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("sandboxes are left: %v, %v", infos, err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
