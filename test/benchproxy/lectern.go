package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"lectern/proxy/token"
)

// secret is what proxy and gateway share.
const secret = "secret-of-the-benchmark"

const lecternConfig = `
proxy:
  listen: 127.0.0.1:0
  upstream: %[2]s
  api_key_file: %[1]s/api-key
  requests_per_minute: 100000000
  concurrency: 1000
  session_tokens:
    public_key_file: %[1]s/public.pem
  events:
    url: http://%[3]s
    secret_file: %[1]s/secret
metrics:
  listen: 127.0.0.1:0
`

var listening = regexp.MustCompile(`msg=listening address=(\S+)`)

// startLectern starts lectern proxy, and makes the token of a session.
func startLectern(program, dir string, api upstream, events string) (*server, string, error) {
	private, public, err := token.GenerateKeys()
	if err != nil {
		return nil, "", err
	}
	file := filepath.Join(dir, "lectern.yaml")
	for path, content := range map[string][]byte{
		file:                              fmt.Appendf(nil, lecternConfig, dir, api.url, events),
		filepath.Join(dir, "api-key"):     []byte(key),
		filepath.Join(dir, "secret"):      []byte(secret),
		filepath.Join(dir, "public.pem"):  public,
		filepath.Join(dir, "private.pem"): private,
	} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return nil, "", err
		}
	}
	signer, err := token.ReadSigner(filepath.Join(dir, "private.pem"))
	if err != nil {
		return nil, "", err
	}
	signed, err := signer.Sign(token.Claims{
		Login: "ada", Session: "0123456789abcdef", Pod: "lab-bench", Address: "127.0.0.1",
		Course: "ssh", Stage: 1, Expires: time.Now().Add(time.Hour),
	})
	if err != nil {
		return nil, "", err
	}
	cmd := exec.Command(program, "proxy", "--config", file)
	if api.file != "" {
		cmd.Env = append(os.Environ(), "SSL_CERT_FILE="+api.file)
	}
	log, err := cmd.StderrPipe()
	if err != nil {
		return nil, "", err
	}
	if err := cmd.Start(); err != nil {
		return nil, "", fmt.Errorf("start lectern, which make build builds: %w", err)
	}
	s := &server{cmd: cmd}
	lines, said := bufio.NewScanner(log), ""
	for s.address == "" && lines.Scan() {
		said += lines.Text() + "\n"
		if found := listening.FindStringSubmatch(lines.Text()); found != nil {
			s.address = found[1]
		}
	}
	if s.address == "" {
		s.stop()
		return nil, "", fmt.Errorf("lectern proxy does not listen: %s", strings.TrimSpace(said))
	}
	s.drained = make(chan struct{})
	go func() {
		defer close(s.drained)
		_, _ = io.Copy(io.Discard, log) // a pipe that nobody reads would block it
	}()
	return s, signed, nil
}
