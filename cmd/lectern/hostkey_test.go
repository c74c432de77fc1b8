package main

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCheckHostKey(t *testing.T) {
	dataDir := t.TempDir()
	key := filepath.Join(dataDir, "host_key")
	expect := func(when, want string) {
		t.Helper()
		var said bytes.Buffer
		if err := checkHostKey(key, dataDir, slog.New(slog.NewTextHandler(&said, nil))); err != nil {
			said.WriteString(err.Error())
		}
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
	for _, err := range []error{os.WriteFile(key+".pub", nil, 0o600), os.Remove(key)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	expect("with its public half alone", "put the key back")
}
