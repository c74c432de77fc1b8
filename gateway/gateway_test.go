package gateway

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
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
	t      testing.TB
	dir    string
	addr   string
	signer ssh.Signer // ada's
	other  ssh.Signer // bob's
	server *Server
	stop   func() error // ends the gateway, as SIGTERM does
}

func newLab(t testing.TB, change func(*Options)) *lab {
	t.Helper()
	return newLabOf(t, nil, change)
}

// newLabOf is a lab with admins.
func newLabOf(t testing.TB, admins []string, change func(*Options)) *lab {
	t.Helper()
	signer, other := newSigner(t), newSigner(t)
	dir := t.TempDir()
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	directory, err := auth.New(auth.Options{
		ExtraKeys: []auth.ExtraKey{{Login: "ada", Key: signer.PublicKey()}, {Login: "bob", Key: other.PublicKey()}}, Admins: admins, CachePath: filepath.Join(dir, "keys.db"), Logger: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	store, err := progress.Open(filepath.Join(dir, "lectern.db"), log)
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
	stop := sync.OnceValue(func() error {
		cancel()
		return <-served
	})
	t.Cleanup(func() {
		infos, _ := backend.List(context.Background())
		for _, info := range infos {
			if sb, ok, _ := backend.Find(context.Background(), info.Login); ok {
				_ = sb.Kill(context.Background(), "the test is over")
			}
		}
		if err := stop(); err != nil {
			t.Errorf("serve: %v", err)
		}
		if err := store.Close(); err != nil {
			t.Error(err)
		}
		if err := directory.Close(); err != nil {
			t.Error(err)
		}
	})
	return &lab{t: t, dir: dir, addr: listener.Addr().String(), signer: signer, other: other, server: server, stop: stop}
}

func newSigner(t testing.TB) ssh.Signer {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

func (l *lab) clientConfig() *ssh.ClientConfig {
	return &ssh.ClientConfig{
		User: "lab", Auth: []ssh.AuthMethod{ssh.PublicKeys(l.signer)},
		HostKeyCallback: ssh.InsecureIgnoreHostKey(), Timeout: 10 * time.Second,
	}
}

func (l *lab) dial() *ssh.Client {
	l.t.Helper()
	return l.dialAs("lab")
}

func (l *lab) dialAs(user string) *ssh.Client {
	l.t.Helper()
	config := l.clientConfig()
	config.User = user
	client, err := ssh.Dial("tcp", l.addr, config)
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { _ = client.Close() })
	return client
}

// terminal is a session with a terminal, and what it has shown.
type terminal struct {
	t       testing.TB
	session *ssh.Session
	in      io.WriteCloser
	screen  *lecterntest.Screen
}

// Write shows output, and answers the question of what the terminal is.
func (c *terminal) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte(ansi.RequestPrimaryDeviceAttributes)) {
		_, _ = io.WriteString(c.in, ansi.PrimaryDeviceAttributes(62, 22)) // it may have been hung up
	}
	return c.screen.Write(p)
}

func open(t testing.TB, client *ssh.Client, command string) *terminal {
	t.Helper()
	session, err := client.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	term := &terminal{t: t, session: session, screen: lecterntest.NewScreen()}
	if term.in, err = session.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	session.Stdout, session.Stderr = term, term.screen
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

// expect waits for output that is a stream: that of a sandbox or a command.
func (c *terminal) expect(pattern string) {
	c.t.Helper()
	c.screen.Expect(c.t, pattern)
}

// shows waits for what the picker draws.
func (c *terminal) shows(pattern string) {
	c.t.Helper()
	c.screen.Shows(c.t, pattern)
}

// enter goes from the picker into the sandbox.
func (c *terminal) enter() {
	c.t.Helper()
	c.shows("Only stage")
	c.types("\r")
	c.expect("hello from")
}
