package control

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"lectern/internal/lecterntest"
	"lectern/internal/unixsocket"
	"lectern/progress"
)

// strangerVariable makes the test binary, started again, one who asks for the
// database of this data folder.
const strangerVariable = "CONTROL_TEST_STRANGER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(strangerVariable); dir != "" {
		err := Backup(context.Background(), dir, io.Discard)
		fmt.Println(err)
		if err == nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

var day = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// gateway is a store with its socket.
type gateway struct {
	*Server
	dir   string
	store *progress.Store
	log   *lecterntest.Output
	stop  func() // ends the server and waits for it
}

func start(t *testing.T, dir string, change func(*Server)) *gateway {
	t.Helper()
	g := &gateway{dir: dir, log: &lecterntest.Output{}}
	log := slog.New(slog.NewTextHandler(g.log, nil))
	var err error
	if g.store, err = progress.Open(filepath.Join(dir, "lectern.db"), log); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.store.Close() })
	if g.Server, err = Open(dir, g.store, log); err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(g.Server)
	}
	ctx, end := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- g.Run(ctx) }()
	g.stop = sync.OnceFunc(func() {
		end()
		if err := <-ended; err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})
	t.Cleanup(g.stop)
	return g
}

func (g *gateway) complete(t *testing.T, login string, stages int) {
	t.Helper()
	for stage := 1; stage <= stages; stage++ {
		_, err := g.store.Complete(progress.Record{Login: login, Course: "zfs", Stage: stage, CompletedAt: day, Session: "s", Evidence: progress.Quiz})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// grow makes the database so large that it fits in no socket's buffer.
func (g *gateway) grow(t *testing.T) {
	t.Helper()
	_, err := g.store.Complete(progress.Record{
		Login: "large", Course: "zfs", Stage: 1, CompletedAt: day, Session: strings.Repeat("s", 8<<20), Evidence: progress.Quiz,
	})
	if err != nil {
		t.Fatal(err)
	}
}

// nothingLeft: of all copies, none has a name.
func (g *gateway) nothingLeft(t *testing.T) {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(g.dir, ".*"))
	if len(left) > 0 || err != nil {
		t.Errorf("these are left: %v, %v", left, err)
	}
}

func TestBackup(t *testing.T) {
	g := start(t, t.TempDir(), nil)
	g.complete(t, "alice", 3)
	copied := filepath.Join(t.TempDir(), "copy.db")
	file, err := os.Create(copied)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(Backup(t.Context(), g.dir, file), file.Close()); err != nil {
		t.Fatal(err)
	}
	if report, err := progress.Check(copied); report.Records != 3 || err != nil {
		t.Errorf("the backup is %+v, %v", report, err)
	}
	g.nothingLeft(t)
}

func TestProgress(t *testing.T) {
	g := start(t, t.TempDir(), nil)
	list := func() (text string) {
		err := Progress(t.Context(), g.dir, func(l progress.Learner) error {
			text += fmt.Sprintf("%s %d %d,", l.Login, len(l.Records), l.Total.Output)
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		return text
	}
	if got := list(); got != "" {
		t.Errorf("of nobody there is %q", got)
	}
	g.complete(t, "bob", 2)
	g.complete(t, "alice", 1)
	if err := g.store.Use(progress.Use{ID: "1", Login: "carol", At: day, Tokens: progress.Tokens{Output: 7}}); err != nil {
		t.Fatal(err)
	}
	if got := list(); got != "alice 1 0,bob 2 0,carol 0 7," {
		t.Errorf("there is %q", got)
	}
	enough := errors.New("enough")
	if err := Progress(t.Context(), g.dir, func(progress.Learner) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("the error is %v", err)
	}
}

func TestNobodyIsThere(t *testing.T) {
	killed := t.TempDir()
	l, err := unixsocket.Listen(socketIn(killed))
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close() // leaves the socket, as one who is killed does
	stopped := t.TempDir()
	start(t, stopped, nil).stop()
	if _, err := os.Lstat(socketIn(stopped)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket of one that has ended is there: %v", err)
	}
	for _, dir := range []string{t.TempDir(), filepath.Join(t.TempDir(), "none"), killed, stopped} {
		if err := Backup(t.Context(), dir, io.Discard); !errors.Is(err, ErrNobody) {
			t.Errorf("%s: the error is %v", dir, err)
		}
	}
	g := start(t, killed, nil) // comes in the place of the killed one
	if err := Backup(t.Context(), g.dir, io.Discard); err != nil {
		t.Error(err)
	}
}

func TestLongPath(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("long", 30))
	g := start(t, dir, nil)
	if err := Backup(t.Context(), dir, io.Discard); err != nil {
		t.Error(err)
	}
	g.stop()
	if _, err := os.Lstat(socketIn(dir)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is left: %v", err)
	}
}

// TestStranger: neither the permissions nor, where somebody has changed them,
// the gateway itself let another user in.
func TestStranger(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can be another user")
	}
	// Where another user gets to.
	dir, err := os.MkdirTemp("", "control")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	g := start(t, dir, nil)
	if info, err := os.Stat(socketIn(dir)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the socket is %v, %v", info, err)
	}
	program := filepath.Join(dir, "stranger")
	content, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(program, content, 0o755); err != nil {
		t.Fatal(err)
	}
	for mode, want := range map[os.FileMode]string{0o600: "is for the gateway's user and for root", 0o666: "the gateway broke off"} {
		if err := os.Chmod(socketIn(dir), mode); err != nil {
			t.Fatal(err)
		}
		stranger := exec.CommandContext(t.Context(), program)
		stranger.Env = append(os.Environ(), strangerVariable+"="+dir)
		stranger.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		out, err := stranger.CombinedOutput()
		if err != nil || !strings.Contains(string(out), want) {
			t.Errorf("with mode %o a stranger is told %q, %v", mode, out, err)
		}
	}
	if !strings.Contains(g.log.String(), "user 65534 is neither root nor the gateway's") {
		t.Errorf("the log says %s", g.log)
	}
}

// idle asks for a backup and takes no more than its beginning.
func idle(t *testing.T, g *gateway) net.Conn {
	t.Helper()
	conn, err := unixsocket.Dial(t.Context(), socketIn(g.dir))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: gateway\r\n\r\n", backupPath); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(conn, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	return conn
}

// TestWhoTakesNothing is cut off; meanwhile others get theirs.
func TestWhoTakesNothing(t *testing.T) {
	g := start(t, t.TempDir(), func(s *Server) { s.patience = 300 * time.Millisecond })
	g.grow(t)
	conn := idle(t, g)
	if err := Backup(t.Context(), g.dir, io.Discard); err != nil {
		t.Error(err)
	}
	awaitHangUp(t, conn)
	size, err := g.store.Size()
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, conn); n > size/2 {
		t.Errorf("who took nothing got %d of %d bytes in the end, %v", n, size, err)
	}
	g.nothingLeft(t)
}

// awaitHangUp waits until the other side has closed, and reads nothing.
func awaitHangUp(t *testing.T, conn net.Conn) {
	t.Helper()
	file, err := conn.(*net.UnixConn).File()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	for n := 0; n == 0; {
		n, err = unix.Poll([]unix.PollFd{{Fd: int32(file.Fd())}}, 20_000)
		if n == 0 && err == nil || err != nil && !errors.Is(err, unix.EINTR) {
			t.Fatalf("the other side does not close: %v", err)
		}
	}
}

// TestNoTransactionStaysOpen while somebody takes nothing: the store would wait
// for it, and so would a learner when the file has to grow.
func TestNoTransactionStaysOpen(t *testing.T) {
	g := start(t, t.TempDir(), nil)
	g.grow(t)
	idle(t, g)
	closed := make(chan error, 1)
	go func() { closed <- g.store.Close() }()
	select {
	case err := <-closed:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(patience / 2):
		t.Fatal("the store waits for who takes nothing")
	}
}

// TestTheGatewayEnds while it gives somebody a backup: they are told, and it
// waits for nobody.
func TestTheGatewayEnds(t *testing.T) {
	g := start(t, t.TempDir(), nil)
	g.grow(t)
	begun, ended := make(chan struct{}), make(chan struct{})
	told := make(chan error, 1)
	go func() { told <- Backup(context.Background(), g.dir, &waiting{begun: begun, until: ended}) }()
	<-begun
	g.stop()
	close(ended)
	if err := <-told; err == nil || !strings.Contains(err.Error(), "the gateway broke off before the end") {
		t.Errorf("the other side is told %v", err)
	}
	if err := g.store.Close(); err != nil {
		t.Error(err)
	}
	g.nothingLeft(t)
}

// waiting takes something once it may.
type waiting struct {
	begun, until chan struct{}
	once         sync.Once
}

func (w *waiting) Write(p []byte) (int, error) {
	w.once.Do(func() { close(w.begun) })
	<-w.until
	return len(p), nil
}

// TestTurns: more than so many wait, and all get theirs.
func TestTurns(t *testing.T) {
	g := start(t, t.TempDir(), nil)
	g.complete(t, "alice", 1)
	var asking sync.WaitGroup
	for range 5 * atOnce {
		asking.Go(func() {
			if err := Backup(context.Background(), g.dir, io.Discard); err != nil {
				t.Error(err)
			}
		})
	}
	asking.Wait()
}

// TestFault: the gateway's sentence arrives, and nothing of a database.
func TestFault(t *testing.T) {
	g := start(t, t.TempDir(), nil)
	if err := g.store.Close(); err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	err := Backup(t.Context(), g.dir, &got)
	if err == nil || !strings.HasPrefix(err.Error(), "the gateway says: copy the progress store: ") || got.Len() > 0 {
		t.Errorf("the error is %v after %d bytes", err, got.Len())
	}
	if err := Progress(t.Context(), g.dir, func(progress.Learner) error { return nil }); err == nil {
		t.Error("there is no error")
	}
	g.nothingLeft(t)
}

func TestRoom(t *testing.T) {
	dir := t.TempDir()
	if err := Room(dir, 1); err != nil {
		t.Error(err)
	}
	if err := Room(dir, 1<<60); err == nil || !strings.Contains(err.Error(), "make room on that disk") {
		t.Errorf("the error is %v", err)
	}
}
