package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"lectern/cmd/lectern/config"
	"lectern/internal/lecterntest"
)

// writeCertificate writes a new one, as of a time.
func writeCertificate(t *testing.T, files config.TLS, serial int64, at time.Time) {
	t.Helper()
	lecterntest.WriteCertificate(t, files.Certificate, files.Key, x509.Certificate{SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour)})
	for _, path := range []string{files.Certificate, files.Key} {
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
}

// TestCertificateIsReadAgain when it is renewed, and kept while what is there
// cannot be used.
func TestCertificateIsReadAgain(t *testing.T) {
	dir := t.TempDir()
	files := config.TLS{Certificate: filepath.Join(dir, "tls.crt"), Key: filepath.Join(dir, "tls.key")}
	var log bytes.Buffer
	began := time.Now().Add(-time.Hour)
	writeCertificate(t, files, 1, began)
	c, err := openCertificate(files, 0, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	serial := func() int64 {
		t.Helper()
		pair, err := c.current(&tls.ClientHelloInfo{})
		if err != nil {
			t.Fatal(err)
		}
		return pair.Leaf.SerialNumber.Int64()
	}
	if n := serial(); n != 1 {
		t.Errorf("it is number %d", n)
	}
	writeCertificate(t, files, 2, began.Add(time.Minute))
	if n := serial(); n != 2 {
		t.Errorf("the renewed one is number %d", n)
	}
	if err := os.WriteFile(files.Key, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if n := serial(); n != 2 {
			t.Errorf("with half a key it is number %d", n)
		}
	}
	if n := strings.Count(log.String(), "goes on with the certificate that it has"); n != 1 {
		t.Errorf("it is said %d times: %s", n, log.String())
	}
	if said := log.String(); strings.Count(said, "\n") != 1 || strings.Contains(said, `\n`) || !strings.Contains(said, "web.tls.key: "+files.Key+" holds no private key; name ") {
		t.Errorf("it is said as %s", said)
	}
	writeCertificate(t, files, 3, began.Add(2*time.Minute))
	if n := serial(); n != 3 {
		t.Errorf("the mended one is number %d", n)
	}
	c.every = time.Hour
	writeCertificate(t, files, 4, began.Add(3*time.Minute))
	if n := serial(); n != 3 {
		t.Errorf("it is looked for a new one with each connection: number %d", n)
	}
}

// TestCertificateOnADiskThatHangs: one connection waits for it, and all others go
// on with the certificate that there is.
func TestCertificateOnADiskThatHangs(t *testing.T) {
	dir := t.TempDir()
	files := config.TLS{Certificate: filepath.Join(dir, "tls.crt"), Key: filepath.Join(dir, "tls.key")}
	writeCertificate(t, files, 1, time.Now().Add(-time.Hour))
	c, err := openCertificate(files, 0, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	serial := func() int64 {
		pair, err := c.current(nil)
		if err != nil {
			t.Error(err)
			return 0
		}
		return pair.Leaf.SerialNumber.Int64()
	}
	if err := os.Rename(files.Certificate, files.Certificate+".old"); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mkfifo(files.Certificate, 0o600); err != nil {
		t.Fatal(err)
	}
	// For reading too, so that this waits for nobody (fifo(7)).
	disk, err := os.OpenFile(files.Certificate, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = disk.Close() }()
	waited := make(chan int64, 1)
	go func() { waited <- serial() }()
	looking := func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.looking
	}
	for late := time.Now().Add(10 * time.Second); !looking(); time.Sleep(time.Millisecond) {
		if time.Now().After(late) {
			t.Fatal("nobody reads the certificate")
		}
	}
	var others sync.WaitGroup
	for range 20 {
		others.Go(func() {
			if n := serial(); n != 1 {
				t.Errorf("it is number %d while the disk hangs", n)
			}
		})
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		others.Wait()
	}()
	select {
	case <-served:
	case <-time.After(10 * time.Second):
		t.Error("others wait for the disk too")
	}
	select {
	case n := <-waited:
		t.Errorf("the one who reads has number %d", n)
	default:
	}
	if err := os.Remove(files.Certificate); err != nil {
		t.Fatal(err)
	}
	_ = disk.Close() // an end without a certificate
	<-served
	if n := <-waited; n != 1 {
		t.Errorf("the one who has read in vain has number %d", n)
	}
	writeCertificate(t, files, 2, time.Now())
	if n := serial(); n != 2 {
		t.Errorf("it is number %d once the disk is back", n)
	}
}

func TestNoCertificate(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	if c, err := certificateOf(config.TLS{}, log); c != nil || err != nil {
		t.Errorf("without files it is %v, %v", c, err)
	}
	if _, err := certificateOf(config.TLS{Certificate: "none", Key: "none"}, log); err == nil || !strings.HasPrefix(err.Error(), "web.tls.certificate: none is not there; ") {
		t.Errorf("files that are not there: %v", err)
	}
}
