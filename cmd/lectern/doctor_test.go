package main

import (
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lectern/cmd/lectern/config"
	"lectern/internal/fakeanthropic"
)

// The doctor asks with the key of a gateway that has the proxy in itself, and
// finds out whether the API takes it.
func TestAskInside(t *testing.T) {
	api := fakeanthropic.New("the-key")
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	for _, test := range []struct {
		key    string
		status int
		says   string
	}{
		{"the-key", 200, "input_tokens"},
		{"another-key", 502, "refuses the lab's key"},
	} {
		c := config.Defaults()
		c.Proxy.Upstream, c.Proxy.APIKeyFile = server.URL, filepath.Join(t.TempDir(), "key")
		if err := os.WriteFile(c.Proxy.APIKeyFile, []byte(test.key), 0o600); err != nil {
			t.Fatal(err)
		}
		said, err := askInside(t.Context(), c, "claude-test", slog.New(slog.DiscardHandler))
		if err != nil || said.Status != test.status || !strings.Contains(said.Text, test.says) {
			t.Errorf("%s: %+v, %v", test.key, said, err)
		}
		if strings.Contains(said.Text, test.key) {
			t.Errorf("the key is shown: %s", said.Text)
		}
	}
	c := config.Defaults()
	c.Proxy.APIKeyFile = filepath.Join(t.TempDir(), "nowhere")
	if _, err := askInside(t.Context(), c, "claude-test", slog.New(slog.DiscardHandler)); err == nil {
		t.Error("a key that is not there is asked with")
	}
}
