package web

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"net"
	"os"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"lectern/gateway/auth"
	"lectern/web/api"
)

// double is a gateway that does what the test says. Behind Enter is a real SSH
// server, whose terminals the test plays.
type double struct {
	t         *testing.T
	signer    ssh.Signer
	terminals chan *terminal // those that were opened
	running   sync.WaitGroup

	mu       sync.Mutex
	conns    []net.Conn
	news     chan api.News // of the newest entry
	from     []string      // of those who came in
	notes    []api.DoorEvent
	sessions []api.Session
	ended    []string
	// What goes wrong, where that is wanted.
	still  func(auth.Identity) (auth.Identity, error)
	note   func(api.DoorEvent) error
	enter  func() error
	banner string // nobody is let in, and is told this
	reject func(ssh.NewChannel) bool
	start  func(ctx context.Context, course string, stage int) (api.Started, error)
	fails  error // every question about courses, sessions and progress
}

func newDouble(t *testing.T) *double {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return &double{t: t, signer: signer, terminals: make(chan *terminal, 64)}
}

func (d *double) close() {
	d.hangUp()
	d.running.Wait()
}

// hangUp closes all connections.
func (d *double) hangUp() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, conn := range d.conns {
		_ = conn.Close()
	}
}

// change alters what the double knows.
func (d *double) change(f func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f()
}

func (d *double) Still(_ context.Context, who auth.Identity) (auth.Identity, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.still != nil {
		return d.still(who)
	}
	who.Admin = who.Login == "root"
	return who, nil
}

func (d *double) Note(e api.DoorEvent) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.notes = append(d.notes, e)
	if d.note != nil {
		return d.note(e)
	}
	return nil
}

func (d *double) noted(kind api.DoorKind) (events []api.DoorEvent) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, e := range d.notes {
		if e.Kind == kind {
			events = append(events, e)
		}
	}
	return events
}

func (d *double) Enter(_ context.Context, who auth.Identity, from net.Addr) (api.Entry, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.enter != nil {
		if err := d.enter(); err != nil {
			return api.Entry{}, err
		}
	}
	ours, theirs := socketPair(d.t)
	d.conns = append(d.conns, ours, theirs)
	d.news = make(chan api.News, 32)
	d.from = append(d.from, from.String())
	banner, reject := d.banner, d.reject
	d.running.Go(func() { d.serve(theirs, banner, reject) })
	return api.Entry{
		Conn: ours, News: d.news,
		Config: &ssh.ClientConfig{User: who.Login, HostKeyCallback: ssh.FixedHostKey(d.signer.PublicKey())},
	}, nil
}

func (d *double) tell(news api.News) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.news <- news
}

func (d *double) Recorded() bool { return true }

func (d *double) failing() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.fails
}

var morning = time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)

func (d *double) Catalogue(string) ([]api.Course, error) {
	return []api.Course{
		{ID: "tides", Title: "Tides", Description: "Why the sea rises.", Stages: []api.Stage{
			{Number: 1, Title: "Moon", State: "done", CompletedAt: &morning}, {Number: 2, Title: "Sun", State: "open"}, {Number: 3, Title: "Wind", State: "locked"},
		}},
		{ID: "empty", Title: "Empty", Stages: []api.Stage{}},
	}, d.failing()
}

func (d *double) ProgressOf(string) ([]api.Progress, error) {
	return []api.Progress{
		{
			CourseID: "tides", Title: "Tides", UnlockedStages: []int{1, 2},
			CompletedStages: []api.CompletedStage{{Number: 1, CompletedAt: morning, Evidence: "quiz"}},
		},
		{CourseID: "empty", Title: "Empty", UnlockedStages: []int{}, CompletedStages: []api.CompletedStage{}},
	}, d.failing()
}

func (d *double) Sessions(_ context.Context, login string) ([]api.Session, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	list := slices.Clone(d.sessions)
	list = slices.DeleteFunc(list, func(s api.Session) bool { return login != "" && s.Login != login })
	return append([]api.Session{}, list...), d.fails
}

func (d *double) Start(ctx context.Context, _ auth.Identity, _ net.Addr, course string, stage int) (api.Started, error) {
	d.mu.Lock()
	start := d.start
	d.mu.Unlock()
	if start != nil {
		return start(ctx, course, stage)
	}
	return api.Started{ID: "s1", Pod: "lab-ada", Status: "running", CourseID: course, Stage: max(stage, 1)}, nil
}

func (d *double) End(_ context.Context, who auth.Identity, _ net.Addr, session string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, s := range d.sessions {
		if s.ID == session && (s.Login == who.Login || who.Admin) {
			d.ended = append(d.ended, session)
			return d.fails
		}
	}
	return &api.Refused{Kind: api.NotFound, Detail: "There is no such session. It may have ended."}
}

func (d *double) serve(conn net.Conn, banner string, reject func(ssh.NewChannel) bool) {
	defer func() { _ = conn.Close() }()
	config := &ssh.ServerConfig{NoClientAuth: true}
	if banner != "" {
		config.NoClientAuthCallback = func(ssh.ConnMetadata) (*ssh.Permissions, error) {
			return nil, &ssh.BannerError{Err: errors.New("refused"), Message: banner}
		}
	}
	config.AddHostKey(d.signer)
	server, channels, requests, err := ssh.NewServerConn(conn, config)
	if err != nil {
		return
	}
	var running sync.WaitGroup
	defer running.Wait()
	running.Go(func() { ssh.DiscardRequests(requests) })
	for asked := range channels {
		if reject != nil && reject(asked) {
			continue
		}
		channel, requests, err := asked.Accept()
		if err != nil {
			return
		}
		term := &terminal{t: d.t, channel: channel, user: server.User(), environ: map[string]string{}}
		running.Go(func() { d.requests(term, requests) })
	}
}

// requests answers those of a terminal, and gives it to the test once it begins.
func (d *double) requests(term *terminal, requests <-chan *ssh.Request) {
	for r := range requests {
		ok := true
		switch r.Type {
		case "pty-req":
			var m struct {
				Term                      string
				Cols, Rows, Width, Height uint32
				Modes                     string
			}
			ok = ssh.Unmarshal(r.Payload, &m) == nil && m.Term == "xterm-256color"
			term.resized(size{int(m.Cols), int(m.Rows)})
		case "window-change":
			var m struct{ Cols, Rows, Width, Height uint32 }
			ok = ssh.Unmarshal(r.Payload, &m) == nil
			term.resized(size{int(m.Cols), int(m.Rows)})
		case "env":
			var m struct{ Name, Value string }
			ok = ssh.Unmarshal(r.Payload, &m) == nil
			term.environ[m.Name] = m.Value
		case "exec":
			var m struct{ Command string }
			ok = ssh.Unmarshal(r.Payload, &m) == nil
			term.command = m.Command
		}
		if r.WantReply {
			_ = r.Reply(ok, nil)
		}
		if r.Type == "shell" || r.Type == "exec" {
			d.terminals <- term
		}
	}
	term.mu.Lock()
	defer term.mu.Unlock()
	term.over = true
}

// next is the terminal that is opened next.
func (d *double) next() *terminal {
	d.t.Helper()
	select {
	case term := <-d.terminals:
		return term
	case <-time.After(patience):
		d.t.Fatal("waited in vain for a terminal to be opened")
		return nil
	}
}

// socketPair is two ends of a connection that the kernel buffers: both sides of
// SSH speak first.
func socketPair(t *testing.T) (ours, theirs net.Conn) {
	t.Helper()
	ends, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC|syscall.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Error(err)
		return nil, nil
	}
	var conns [2]net.Conn
	for i, fd := range ends {
		file := os.NewFile(uintptr(fd), "pair")
		conn, failed := net.FileConn(file)
		err = errors.Join(err, failed, file.Close())
		conns[i] = conn
	}
	if err != nil {
		t.Error(err)
	}
	return conns[0], conns[1]
}

func listenAt(t *testing.T, address string) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	return l
}
