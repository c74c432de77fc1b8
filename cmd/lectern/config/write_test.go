package config

import (
	"errors"
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestDefaultPrint(t *testing.T) {
	const golden = "testdata/default.yaml"
	var got strings.Builder
	if err := Defaults().Write(&got); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("the print differs from %s (-update writes it anew):\n%s", golden, &got)
	}
}

func TestPrintLoadsAgain(t *testing.T) {
	odd := Defaults()
	odd.DataDir = `C:\a "b" # c: [d] 'e' {f} 가` + "\u2028"
	odd.SSH.HostKey = "null"
	odd.SSH.Keepalive = 90*time.Minute + 30*time.Second
	odd.SSH.HandshakeTimeout = 1500 * time.Microsecond
	odd.Auth.Users = []string{"*", "ann", "true", "1e3", "123"}
	odd.Auth.AuthorizedKeys = " - x"
	odd.Courses.Sources = []Source{{Path: "no"}, {URL: "https://h.example/a:b,c/x.tar.gz"}, {Path: "a, b"}}
	odd.Sandbox.Local.Memory = 123456789
	odd.Sandbox.Kubernetes.Limits.CPU = "4.25"
	odd.Sandbox.Kubernetes.Storage = Storage{Kind: StorageHostPath, Size: 1e9, Path: "/x y"}
	odd.Proxy.Models = []string{"claude:x", "a#b", "[c]"}
	odd.Proxy.Tools = []string{}
	for _, want := range []Config{Defaults(), odd} {
		var text strings.Builder
		if err := want.Write(&text); err != nil {
			t.Fatal(err)
		}
		got, err := loadText(t, text.String(), nil, nil)
		if err != nil {
			t.Fatalf("%v in\n%s", err, &text)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got  %+v\nwant %+v\nfrom\n%s", got, want, &text)
		}
	}
}

func TestWriteTellsOfAFullDisk(t *testing.T) {
	full := errors.New("no space")
	if err := Defaults().Write(failing{full}); !errors.Is(err, full) {
		t.Errorf("got %v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }
