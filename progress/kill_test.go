package progress

import (
	"bufio"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// storeVariable makes the test binary, started again, write into the
// store that it names until it is killed.
const storeVariable = "PROGRESS_TEST_STORE"

func TestMain(m *testing.M) {
	path := os.Getenv(storeVariable)
	if path == "" {
		os.Exit(m.Run())
	}
	fmt.Println(writeForEver(path))
	os.Exit(1)
}

// writeForEver prints the name of each learner whose record is durable.
func writeForEver(path string) error {
	s, err := Open(path, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	for i := 0; ; i++ {
		login := fmt.Sprintf("learner-%d-%d", os.Getpid(), i)
		if _, err := s.Complete(record(login, "zfs", i%7+1)); err != nil {
			return err
		}
		if err := s.Use(useOf(login)); err != nil {
			return err
		}
		fmt.Println(login)
	}
}

func useOf(login string) Use {
	return Use{ID: login, Login: login, At: time.Now(), Tokens: Tokens{Output: 1}}
}

// What a learner was told is there after kill -9, whenever that comes.
func TestKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lectern.db")
	var printed []string
	for round := range 12 {
		// The first rounds are killed while the file is being made.
		lines := writeUntilKilled(t, path, rand.N(time.Duration(round*12+2)*time.Millisecond))
		printed = append(printed, lines...)

		s, err := Open(path, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		for _, login := range printed {
			if records, err := s.Course(login, "zfs"); err != nil || len(records) != 1 {
				t.Errorf("round %d: %s was told of a record, and there is %v, %v", round, login, records, err)
			}
		}
		for _, login := range lines { // nor is what was used, and a copy is known as one
			if err := s.Use(useOf(login)); err != nil {
				t.Errorf("round %d: %v", round, err)
			}
			if _, total, err := s.Usage(login); err != nil || total.Output != 1 {
				t.Errorf("round %d: %s has used 1 token, and there is %+v, %v", round, login, total, err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(printed) == 0 {
		t.Error("no child was fast enough to record anything")
	}
}

func writeUntilKilled(t *testing.T, path string, after time.Duration) []string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command(self)
	child.Env = append(os.Environ(), storeVariable+"="+path)
	output, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	kill := time.AfterFunc(after+20*time.Millisecond, func() { _ = child.Process.Kill() })
	defer kill.Stop()
	var lines []string
	for scanner := bufio.NewScanner(output); scanner.Scan(); {
		if !strings.HasPrefix(scanner.Text(), "learner-") {
			t.Errorf("the child says: %s", scanner.Text())
			continue
		}
		lines = append(lines, scanner.Text())
	}
	if err := child.Wait(); err == nil {
		t.Error("the child ended by itself")
	}
	return lines
}
