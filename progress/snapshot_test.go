package progress

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
)

// TestSnapshotWhileOthersRecord: what was durable before it began is in it, and
// what is in it makes a sound store.
func TestSnapshotWhileOthersRecord(t *testing.T) {
	s := open(t)
	var (
		done     atomic.Bool
		recorded [4]atomic.Int64
		started  sync.WaitGroup
		working  sync.WaitGroup
	)
	started.Add(len(recorded))
	for i := range recorded {
		working.Go(func() {
			for stage := 1; !done.Load(); stage++ {
				login := fmt.Sprint("learner-", i)
				if _, err := s.Complete(record(login, "zfs", stage)); err != nil {
					t.Error(err)
				}
				if err := s.Use(use(fmt.Sprint(i, "-", stage), login, noon, 1)); err != nil {
					t.Error(err)
				}
				recorded[i].Store(int64(stage))
				if stage == 1 {
					started.Done()
				}
			}
		})
	}
	defer working.Wait()
	defer done.Store(true)
	started.Wait()
	for round := range 10 {
		var before [len(recorded)]int64
		for i := range before {
			before[i] = recorded[i].Load()
		}
		path := filepath.Join(t.TempDir(), "snapshot.db")
		file, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		size, err := s.Snapshot(t.Context(), file)
		if err := errors.Join(err, file.Close()); err != nil {
			t.Fatal(err)
		}
		report, err := Check(path)
		if err != nil || report.Unreadable > 0 || report.Size != size || report.Format != formatVersion || report.Learners != len(recorded) {
			t.Fatalf("round %d: %d bytes are %+v, %v", round, size, report, err)
		}
		copied, err := Open(path, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range before {
			login := fmt.Sprint("learner-", i)
			records, err := copied.Course(login, "zfs")
			if int64(len(records)) < want || err != nil {
				t.Errorf("round %d: %s had finished %d stages, and the copy has %d, %v", round, login, want, len(records), err)
			}
			if _, total, err := copied.Usage(login); total.Output < want || err != nil {
				t.Errorf("round %d: %s had used %d tokens, and the copy has %+v, %v", round, login, want, total, err)
			}
		}
		complete(t, copied, record("new", "zfs", 1))
		if err := copied.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestSnapshotThatCannotBeWritten is no fault of the store's, and harms it not.
func TestSnapshotThatCannotBeWritten(t *testing.T) {
	s := open(t)
	complete(t, s, record("alice", "zfs", 1))
	full := errors.New("the other disk is full")
	if _, err := s.Snapshot(t.Context(), failing{full}); !errors.Is(err, full) {
		t.Errorf("the error is %v", err)
	}
	given, stop := context.WithCancel(t.Context())
	stop()
	var nothing bytes.Buffer
	if _, err := s.Snapshot(given, &nothing); !errors.Is(err, context.Canceled) || nothing.Len() > 0 {
		t.Errorf("nobody waits for it any more, and the error is %v after %d bytes", err, nothing.Len())
	}
	complete(t, s, record("alice", "zfs", 2))
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }
