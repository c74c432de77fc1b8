package control

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"

	"lectern/internal/boltfile"
	"lectern/progress"
)

const (
	// patience is how long the other side may take nothing of an answer.
	patience = 30 * time.Second
	// atOnce is how many are answered at a time; each may keep a copy of the
	// database from being forgotten.
	atOnce = 4
)

// Server is the control socket of a gateway.
type Server struct {
	dir      string
	store    *progress.Store
	log      *slog.Logger
	patience time.Duration
	door     *door
	// places has one element for each who is being answered.
	places chan struct{}
	// copying is held while a copy is made, so that there is room for each.
	copying sync.Mutex
}

// Open makes the socket of the gateway that has this data folder, and its store
// open. Run serves it.
func Open(dataDir string, store *progress.Store, log *slog.Logger) (*Server, error) {
	door, err := openDoor(socketIn(dataDir), log)
	if err != nil {
		return nil, err
	}
	return &Server{
		dir: dataDir, store: store, log: log, patience: patience, door: door, places: make(chan struct{}, atOnce),
	}, nil
}

// Run answers until ctx ends, and takes the socket away. When it returns nobody
// uses the store any more.
func (s *Server) Run(ctx context.Context) error {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+backupPath, s.backup)
	mux.HandleFunc("GET "+progressPath, s.progress)
	ctx, end := context.WithCancel(ctx)
	defer end()
	front := &http.Server{
		Handler: s.inTurn(mux), BaseContext: func(net.Listener) context.Context { return ctx },
		ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 8 << 10,
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
	stopped := make(chan struct{})
	context.AfterFunc(ctx, func() {
		defer close(stopped)
		_ = front.Close()
	})
	err := front.Serve(s.door)
	end()
	<-stopped
	for range cap(s.places) {
		s.places <- struct{}{} // waits for those who are being answered
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve the control socket: %w", err)
}

// inTurn gives each who asks a place. Once the server ends there is none.
func (s *Server) inTurn(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case s.places <- struct{}{}:
		case <-r.Context().Done():
			return
		}
		defer func() { <-s.places }()
		next.ServeHTTP(w, r)
	})
}

// backup gives a copy of the database. It is made on the disk first: whoever
// takes it may be slow, and learners must not wait for them (Store.Snapshot).
func (s *Server) backup(w http.ResponseWriter, r *http.Request) {
	copied, size, err := s.copy(r.Context())
	if err != nil {
		s.log.Warn("could not copy the database for a backup", "error", err)
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	defer func() { _ = copied.Close() }()
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
	if _, err := io.Copy(&answer{w: w, patience: s.patience}, copied); err != nil {
		s.log.Warn("a backup was broken off", "error", err)
		panic(http.ErrAbortHandler) // so that the other side knows
	}
	s.log.Info("gave out a backup", "bytes", size)
}

// copy makes a file that has no name, and so is gone with whoever has it open.
func (s *Server) copy(ctx context.Context) (copied *os.File, size int64, err error) {
	s.copying.Lock()
	defer s.copying.Unlock()
	if size, err = s.store.Size(); err != nil {
		return nil, 0, err
	}
	if err := Room(s.dir, size); err != nil {
		return nil, 0, err
	}
	if copied, err = os.CreateTemp(s.dir, ".lectern.db.*.copy"); err != nil {
		return nil, 0, boltfile.InWords(err)
	}
	if err = os.Remove(copied.Name()); err == nil {
		size, err = s.store.Snapshot(ctx, copied)
	}
	if err == nil {
		_, err = copied.Seek(0, io.SeekStart)
	}
	if err != nil {
		_ = copied.Close()
		return nil, 0, boltfile.InWords(err)
	}
	return copied, size, nil
}

// progress gives all learners, a line of JSON each.
func (s *Server) progress(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/jsonl")
	out := &answer{w: w, patience: s.patience}
	lines := bufio.NewWriterSize(out, 64<<10)
	encoder := json.NewEncoder(lines)
	err := s.store.Learners(func(l progress.Learner) error { return encoder.Encode(l) })
	if err == nil {
		err = lines.Flush()
	}
	switch {
	case err == nil:
	case out.begun:
		s.log.Warn("an export of progress was broken off", "error", err)
		panic(http.ErrAbortHandler)
	default:
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	}
}

// answer is what the other side takes, in time.
type answer struct {
	w        http.ResponseWriter
	patience time.Duration
	begun    bool
}

func (a *answer) Write(p []byte) (int, error) {
	a.begun = true
	if err := http.NewResponseController(a.w).SetWriteDeadline(time.Now().Add(a.patience)); err != nil {
		return 0, err
	}
	return a.w.Write(p)
}
