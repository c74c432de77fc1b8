package main

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWarnOfHostKey(t *testing.T) {
	dataDir := t.TempDir()
	key := filepath.Join(dataDir, "host_key")
	expect := func(when, want string) {
		t.Helper()
		var said bytes.Buffer
		warnOfHostKey(key, dataDir, slog.New(slog.NewTextHandler(&said, nil)))
		if want == "" && said.Len() > 0 || !strings.Contains(said.String(), want) {
			t.Errorf("%s it says %q", when, &said)
		}
	}
	expect("at the first start", "")
	if err := os.WriteFile(databaseIn(dataDir), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	expect("without a key where a gateway was", "will warn of a changed host")
	if err := os.WriteFile(key, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	expect("with a key", "")
	if err := os.Chmod(key, 0o644); err != nil {
		t.Fatal(err)
	}
	expect("with one for all to read", "others can read the host key")
}
