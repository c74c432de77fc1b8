package doctor

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"context"

	"golang.org/x/crypto/ssh"

	"lectern/cmd/lectern/config"
	"lectern/gateway/auth"
	"lectern/progress"
)

// visitor is a doctor of a gateway with a data folder of its own.
func visitor(t *testing.T) *Doctor {
	t.Helper()
	c := config.Defaults()
	c.DataDir = filepath.Join(t.TempDir(), "data")
	c.SSH.HostKey = filepath.Join(c.DataDir, "host_key")
	if err := os.Mkdir(c.DataDir, 0o700); err != nil {
		t.Fatal(err)
	}
	return &Doctor{Options: Options{Settings: c}, now: time.Now}
}

func TestDataFolder(t *testing.T) {
	d := visitor(t)
	says(t, d.dataFolder(t.Context()), Good, d.Settings.DataDir)
	if entries, err := os.ReadDir(d.Settings.DataDir); err != nil || len(entries) > 0 {
		t.Errorf("it leaves %v, %v", entries, err)
	}
	if err := os.Chmod(d.Settings.DataDir, 0o750); err != nil {
		t.Fatal(err)
	}
	says(t, d.dataFolder(t.Context()), Bad, "mode 0750", "chmod 700 "+d.Settings.DataDir)
	if err := os.Remove(d.Settings.DataDir); err != nil {
		t.Fatal(err)
	}
	says(t, d.dataFolder(t.Context()), Skipped, "lectern serve makes it")
	if err := os.WriteFile(d.Settings.DataDir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	says(t, d.dataFolder(t.Context()), Bad, "is no folder")
	d.Settings.DataDir = "/proc/lectern/data"
	says(t, d.dataFolder(t.Context()), Bad, "cannot be made")
}

func TestHostKey(t *testing.T) {
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	nist, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("GODEBUG", "rsa1024min=0")
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	openSSH := func(block *pem.Block, err error) []byte {
		if err != nil {
			t.Fatal(err)
		}
		return pem.EncodeToMemory(block)
	}
	for _, test := range []struct {
		name  string
		text  []byte
		mode  os.FileMode
		state State
		want  string
	}{
		{"Ed25519", openSSH(ssh.MarshalPrivateKey(edwards, "")), 0o600, Good, "ssh-ed25519 SHA256:"},
		{"ECDSA", openSSH(ssh.MarshalPrivateKey(nist, "")), 0o400, Good, "ecdsa-sha2-nistp256 SHA256:"},
		{"a short one", pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(short)}), 0o600, Bad, "1024 bits"},
		{"one with a passphrase", openSSH(ssh.MarshalPrivateKeyWithPassphrase(edwards, "", []byte("open"))), 0o600, Bad, "ssh-keygen -p"},
		{"no key", []byte("hello"), 0o600, Bad, "is no private key"},
		{"one that all can read", openSSH(ssh.MarshalPrivateKey(edwards, "")), 0o644, Bad, "chmod 600"},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := visitor(t)
			if err := os.WriteFile(d.Settings.SSH.HostKey, test.text, test.mode); err != nil {
				t.Fatal(err)
			}
			says(t, d.hostKey(t.Context()), test.state, test.want)
		})
	}
	d := visitor(t)
	says(t, d.hostKey(t.Context()), Skipped, "lectern serve makes it")
	if _, err := os.Stat(d.Settings.SSH.HostKey); err == nil {
		t.Error("the doctor has made a key")
	}
	if err := os.WriteFile(d.inDataFolder(databaseName), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	says(t, d.hostKey(t.Context()), Bad, "is gone", "restore it")
}

func TestDatabase(t *testing.T) {
	d := visitor(t)
	path := d.inDataFolder(databaseName)
	says(t, d.database(t.Context()), Skipped, "not made yet")
	if _, err := os.Stat(path); err == nil {
		t.Error("the doctor has made a database")
	}
	file, err := progress.Open(path, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	says(t, d.database(t.Context()), Skipped, "a running gateway has it open")

	// With a way to the running gateway, its copy is looked at and removed.
	removed := 0
	copied := filepath.Join(t.TempDir(), "copy.db")
	if err := os.WriteFile(copied, []byte("no database, though as long as one might be"), 0o600); err != nil {
		t.Fatal(err)
	}
	d.Snapshot = func(context.Context) (string, func(), error) { return copied, func() { removed++ }, nil }
	says(t, d.database(t.Context()), Bad, "damaged", "backup")
	if removed != 1 {
		t.Errorf("the copy is removed %d times", removed)
	}
	d.Snapshot = func(context.Context) (string, func(), error) { return "", nil, errors.New("it hangs") }
	says(t, d.database(t.Context()), Bad, "gives no copy of it: it hangs")

	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	says(t, d.database(t.Context()), Good, "sound")
	says(t, judgeDatabase(path, progress.Report{Records: 1}, nil), Good, "1 completed stage")
	if f := judgeDatabase(path, progress.Report{Records: 1}, nil); strings.HasSuffix(f.Text, "s") {
		t.Errorf("it says %q", f.Text)
	}
	if err := os.Truncate(path, 6000); err != nil {
		t.Fatal(err)
	}
	says(t, d.database(t.Context()), Bad, "damaged", "put your last backup in its place")
}

func TestSiteOfTheKeys(t *testing.T) {
	status := http.StatusOK
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodHead {
			t.Errorf("it is asked by %s", r.Method)
		}
		w.WriteHeader(status)
	}))
	d := visitor(t)
	d.Settings.Auth.GitHubURL = site.URL
	says(t, d.github(t.Context()), Good, site.URL+" answers")
	says(t, d.clock(t.Context()), Good, "agrees with the site of the keys")
	status = http.StatusBadGateway
	says(t, d.github(t.Context()), Bad, "502")
	site.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	says(t, d.github(ctx), Bad, "does not answer", "auth.authorized_keys")

	// Where everybody's key is here, nobody is asked.
	d.Settings.Auth.Users, d.Settings.Auth.Admins = nil, []string{"Ada"}
	d.Settings.Auth.AuthorizedKeys = filepath.Join(d.Settings.DataDir, "authorized_keys")
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	line := string(ssh.MarshalAuthorizedKey(key))
	for comment, all := range map[string]bool{"ada": true, "bob": false} {
		if err := os.WriteFile(d.Settings.Auth.AuthorizedKeys, []byte(line[:len(line)-1]+" "+comment+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := d.keysAreAllHere(); got != all {
			t.Errorf("with the key of %s, all keys are here: %t", comment, got)
		}
	}
}

func TestSSHPort(t *testing.T) {
	d := visitor(t)
	d.Settings.SSH.Listen = "127.0.0.1:0"
	says(t, d.sshPort(t.Context()), Good, "is free")
	for said, state := range map[string]State{"SSH-2.0-Lectern\r\n": Good, "SSH-2.0-OpenSSH_9.2\r\n": Bad, "": Bad} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			conn, err := listener.Accept()
			if err == nil {
				_, _ = conn.Write([]byte(said))
				_ = conn.Close()
			}
		}()
		d.Settings.SSH.Listen = listener.Addr().String()
		says(t, d.sshPort(t.Context()), state, listener.Addr().String())
		_ = listener.Close()
	}
	d.Settings.SSH.Listen = silent(t)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	f := d.sshPort(ctx)
	says(t, f, Bad, "another program has "+d.Settings.SSH.Listen, "waits for others to speak first", "end that program, or set ssh.listen to another address")
	if strings.Contains(f.Text, "closed network connection") {
		t.Errorf("it says %q", f.Text)
	}
	d.Settings.SSH.Listen = "192.0.2.1:2222"
	says(t, d.sshPort(t.Context()), Bad, "address of this machine")
}

// silent is the address of a server that says nothing until the test is over.
func silent(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return listener.Addr().String()
}

// TestHTTPPorts goes through the table, so that a port which is added to it is
// looked at here too.
func TestHTTPPorts(t *testing.T) {
	d := visitor(t)
	d.Settings.Metrics.Listen, d.Settings.Proxy.Events.Listen, d.Settings.Web.Listen = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	for _, p := range d.ports() {
		t.Run(p.setting, func(t *testing.T) {
			says(t, d.httpPort(t.Context(), p), Good, "is free")
			said := "another page"
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == p.path {
					http.Error(w, said, http.StatusUnauthorized)
				}
			}))
			defer server.Close()
			p.address = server.Listener.Addr().String()
			says(t, d.httpPort(t.Context(), p), Bad, "another program has "+p.address, "end that program, or set "+p.setting+" to another address")
			said = "here: " + p.says
			says(t, d.httpPort(t.Context(), p), Good, "a Lectern answers")
			p.address = silent(t)
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			says(t, d.httpPort(ctx, p), Bad, "another program has "+p.address)
			p.address = ""
			says(t, d.httpPort(t.Context(), p), Skipped, p.setting+" is not set")
		})
	}
}

func TestListedKeys(t *testing.T) {
	d := visitor(t)
	says(t, d.listedKeys(t.Context()), Skipped, "auth.authorized_keys is not set")
	file := filepath.Join(t.TempDir(), "class")
	d.Settings.Auth.AuthorizedKeys = file
	says(t, d.listedKeys(t.Context()), Bad, file+" is not there")
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	line := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key))) + " ada\n"
	for text, want := range map[string]string{"": "keys of 0 people", "# the class\n" + line: "keys of 1 person"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		says(t, d.listedKeys(t.Context()), Good, want)
	}
	if err := os.WriteFile(file, []byte(line+"garbage\n\nmore\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	says(t, d.listedKeys(t.Context()), Bad, "line 2 is not used: it is no public key", "line 4 is not used")
	d.Settings.Auth.AuthorizedKeys = t.TempDir()
	says(t, d.listedKeys(t.Context()), Bad, "is not a regular file")
}

func TestKeyCache(t *testing.T) {
	d := visitor(t)
	path := d.inDataFolder(keyCacheName)
	says(t, d.keyCache(t.Context()), Skipped, "not made yet")
	if _, err := os.Stat(path); err == nil {
		t.Error("the doctor has made a cache")
	}
	directory, err := auth.New(auth.Options{GitHubURL: "http://127.0.0.1:1", CachePath: path})
	if err != nil {
		t.Fatal(err)
	}
	says(t, d.keyCache(t.Context()), Skipped, "a running gateway has it open")
	if err := directory.Close(); err != nil {
		t.Fatal(err)
	}
	says(t, d.keyCache(t.Context()), Good, "sound")
	for _, size := range []int64{6000, 0} {
		if err := os.Truncate(path, size); err != nil {
			t.Fatal(err)
		}
		says(t, d.keyCache(t.Context()), Bad, "damaged", "move "+path+" away")
	}
}

func TestFolders(t *testing.T) {
	d := visitor(t)
	says(t, d.recordings(t.Context()), Skipped, "not recorded")
	d.Settings.Recording.Enabled = true
	for name, test := range map[string]struct {
		look    func(context.Context) Finding
		dir     *string
		setting string
	}{
		"audit":      {d.trail, &d.Settings.Audit.Dir, "audit.dir"},
		"recordings": {d.recordings, &d.Settings.Recording.Dir, "recording.dir"},
	} {
		t.Run(name, func(t *testing.T) {
			says(t, test.look(t.Context()), Good, filepath.Join(d.Settings.DataDir, name)+" is not there yet, and can be made")
			*test.dir = t.TempDir()
			says(t, test.look(t.Context()), Good, *test.dir+" can be written")
			if entries, err := os.ReadDir(*test.dir); err != nil || len(entries) > 0 {
				t.Errorf("it leaves %v, %v", entries, err)
			}
			*test.dir = "/proc/lectern/" + name // where root can make nothing either
			says(t, test.look(t.Context()), Bad, "nothing can be written", "set "+test.setting+" to another folder")
			*test.dir = filepath.Join(t.TempDir(), "file")
			if err := os.WriteFile(*test.dir, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			says(t, test.look(t.Context()), Bad, "is no folder")
			*test.dir = filepath.Join(*test.dir, "below")
			says(t, test.look(t.Context()), Bad, "nothing can be written")
		})
	}
}

func TestCourses(t *testing.T) {
	d := visitor(t)
	d.Settings.Courses.Sources = []config.Source{{Path: "../../../courses"}}
	says(t, d.courses(t.Context()), Good, "1 course")
	d.Settings.Courses.Sources = []config.Source{{Path: d.Settings.DataDir}}
	says(t, d.courses(t.Context()), Bad, "lectern course check")
	d.Settings.Courses.Sources = []config.Source{{Path: "nowhere"}}
	says(t, d.courses(t.Context()), Bad, "nowhere")
}
