// Package bench_test measures the real program from the outside.
package bench_test

import (
	"bufio"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"lectern/internal/lecterntest"
)

// learners is how many sessions are open at once.
const learners = 30

// house is a running gateway with a key for each learner.
type house struct {
	pid  int
	addr string
	keys []ssh.Signer
}

func open(b *testing.B) *house {
	b.Helper()
	if _, err := exec.LookPath("bwrap"); err != nil {
		b.Skip("bubblewrap is not installed")
	}
	dir := b.TempDir()
	program, err := lecterntest.Build(dir, false)
	if err != nil {
		b.Fatal(err)
	}
	courses, err := filepath.Abs("../testscript/courses")
	if err != nil {
		b.Fatal(err)
	}
	h := &house{}
	var file strings.Builder
	for i := range learners {
		_, private, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			b.Fatal(err)
		}
		signer, err := ssh.NewSignerFromKey(private)
		if err != nil {
			b.Fatal(err)
		}
		h.keys = append(h.keys, signer)
		fmt.Fprintf(&file, "%s learner-%d\n", strings.TrimSpace(string(ssh.MarshalAuthorizedKey(signer.PublicKey()))), i)
	}
	keys := filepath.Join(dir, "keys")
	if err := os.WriteFile(keys, []byte(file.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(program, "serve", "--ssh.listen", "127.0.0.1:0", "--data_dir", filepath.Join(dir, "data"),
		"--courses.sources", courses, "--auth.authorized_keys", keys, "--sandbox.max_sessions", strconv.Itoa(learners),
		"--ssh.max_connections", "100", "--ssh.max_connections_per_address", "100", "--sandbox.grace", "1s")
	log, err := cmd.StderrPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	h.pid = cmd.Process.Pid
	lines := bufio.NewScanner(log)
	listening := regexp.MustCompile(`msg=listening address=(\S+)`)
	for h.addr == "" && lines.Scan() {
		if found := listening.FindStringSubmatch(lines.Text()); found != nil {
			h.addr = found[1]
		}
	}
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		for lines.Scan() {
		}
	}()
	b.Cleanup(func() {
		// Nobody is there any more, so the grace ends the sandboxes.
		for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
			left, _ := filepath.Glob(filepath.Join(dir, "data", "sandboxes", "*", "sandbox.json"))
			if len(left) == 0 {
				break
			}
			if time.Now().After(deadline) {
				b.Errorf("sandboxes are left: %v", left)
				break
			}
		}
		_ = cmd.Process.Signal(syscall.SIGTERM)
		<-drained
		_ = cmd.Wait()
	})
	if h.addr == "" {
		b.Fatal("the gateway did not start")
	}
	return h
}

// connect opens a session of one learner and waits until it shows what is
// wanted.
func (h *house) connect(b *testing.B, learner int, command, want string) *ssh.Client {
	b.Helper()
	client, err := ssh.Dial("tcp", h.addr, &ssh.ClientConfig{
		User: "lab", Auth: []ssh.AuthMethod{ssh.PublicKeys(h.keys[learner])}, HostKeyCallback: ssh.InsecureIgnoreHostKey(),
	})
	if err != nil {
		b.Fatal(err)
	}
	session, err := client.NewSession()
	if err != nil {
		b.Fatal(err)
	}
	screen := lecterntest.NewScreen()
	session.Stdout, session.Stderr = screen, screen
	if _, err := session.StdinPipe(); err != nil { // an input that does not end
		b.Fatal(err)
	}
	if err := session.RequestPty("xterm-256color", 24, 80, nil); err != nil {
		b.Fatal(err)
	}
	if command == "" {
		err = session.Shell()
	} else {
		err = session.Start(command)
	}
	if err != nil {
		b.Fatal(err)
	}
	screen.Shows(b, want)
	return client
}

// resident is the gateway's memory in MB, once it stands still.
func (h *house) resident(b *testing.B) float64 {
	b.Helper()
	size := regexp.MustCompile(`VmRSS:\s+(\d+) kB`)
	before := 0
	for {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", h.pid))
		if err != nil {
			b.Fatal(err)
		}
		now, err := strconv.Atoi(size.FindStringSubmatch(string(status))[1])
		if err != nil {
			b.Fatal(err)
		}
		if now == before {
			return float64(now) / 1024
		}
		before = now
		time.Sleep(500 * time.Millisecond)
	}
}

// BenchmarkSessionMemory is what a connected session that does nothing adds to
// the gateway, in the picker and in a lesson.
func BenchmarkSessionMemory(b *testing.B) {
	for name, way := range map[string]struct{ command, want string }{
		"picker": {"", "Two small steps"},
		"lesson": {"start two-steps", "You will learn"},
	} {
		b.Run(name, func(b *testing.B) {
			h := open(b)
			_ = h.connect(b, 0, "", "Two small steps").Close() // what the first one needs stays
			var total float64
			for b.Loop() {
				before := h.resident(b)
				var clients []*ssh.Client
				for i := range learners {
					clients = append(clients, h.connect(b, i, way.command, way.want))
				}
				total += h.resident(b) - before
				for _, client := range clients {
					_ = client.Close()
				}
			}
			b.ReportMetric(total/float64(b.N)/learners, "MB/session")
			b.ReportMetric(h.resident(b), "MB-after")
		})
	}
}
