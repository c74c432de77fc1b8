package probe

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// listening is the address of somebody who listens.
func listening(t *testing.T) string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	done := make(chan error, 1)
	go func() { done <- Listen(ctx, address) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	there := Try(t.Context(), Question{Patience: 10 * time.Second, Targets: []Target{{Address: address, Wanted: true}}}, nil)
	if !there[0].Reached {
		t.Fatal("nobody listens: ", there[0].Said)
	}
	return address
}

// closed is an address where nobody listens.
func closed(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

func TestTry(t *testing.T) {
	dns, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = dns.Close() }()
	go func() {
		buffer := make([]byte, 512)
		for {
			n, from, err := dns.ReadFrom(buffer)
			if err != nil {
				return
			}
			_, _ = dns.WriteTo(buffer[:n], from)
		}
	}()
	deaf, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = deaf.Close() }()
	open := listening(t)
	q := Question{Patience: 3 * time.Second, Targets: []Target{
		{Name: "open", Address: "$HOST:$PORT", Wanted: true},
		{Name: "closed", Address: closed(t)},
		{Name: "a resolver", Address: dns.LocalAddr().String(), Resolver: true, Wanted: true},
		{Name: "no resolver", Address: deaf.LocalAddr().String(), Resolver: true},
		{Name: "no address", Address: "nonsense"},
	}}
	host, port, _ := net.SplitHostPort(open)
	question, err := json.Marshal(q)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("HOST", host)
	t.Setenv("PORT", port)
	var out bytes.Buffer
	if err := Serve(t.Context(), bytes.NewReader(question), &out); err != nil {
		t.Fatal(err)
	}
	var answer Answer
	if err := json.Unmarshal(out.Bytes(), &answer); err != nil {
		t.Fatal(err)
	}
	for i, reached := range []bool{true, false, true, false, false} {
		r := answer.Results[i]
		if r.Name != q.Targets[i].Name || r.Reached != reached || (r.Said == "") != reached || r.Tried == (r.Address == "nonsense") {
			t.Errorf("%+v: want reached %t", r, reached)
		}
	}
	if got := answer.Results[0].Address; got != open {
		t.Errorf("it was tried at %s, want %s", got, open)
	}
	if err := Serve(t.Context(), strings.NewReader("?"), &out); err == nil {
		t.Error("a question that cannot be read is answered")
	}
}

// A wall that comes a moment late counts as one, and one that never comes does
// not.
func TestTryWaitsForTheWalls(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	standing := time.AfterFunc(pause, func() { _ = listener.Close() })
	defer standing.Stop()
	results := Try(t.Context(), Question{Patience: time.Minute, Targets: []Target{{Name: "late", Address: listener.Addr().String()}}}, nil)
	if results[0].Reached {
		t.Error("the wall stands, and it is called open")
	}
	if took := time.Since(begun); took < pause || took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
	open := listening(t)
	results = Try(t.Context(), Question{Patience: 2 * pause, Targets: []Target{{Name: "never", Address: open}}}, nil)
	if !results[0].Reached {
		t.Error("there is no wall, and it is called closed")
	}
}

// That nobody is there yet, as in the first moments of a Pod, is no wall.
func TestTryIsNotTakenInByAStart(t *testing.T) {
	address := closed(t)
	opened := make(chan net.Listener, 1)
	opening := time.AfterFunc(pause/2, func() {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			t.Error(err)
		}
		opened <- listener
	})
	defer func() {
		if !opening.Stop() {
			if listener := <-opened; listener != nil {
				_ = listener.Close()
			}
		}
	}()
	results := Try(t.Context(), Question{Patience: 4 * pause, Targets: []Target{{Name: "starts", Address: address}}}, nil)
	if !results[0].Reached {
		t.Errorf("there is no wall, and it is called closed: %s", results[0].Said)
	}
}

// What cannot be tried is not called closed.
func TestTryOnlyWhatCanBeTried(t *testing.T) {
	environ := func(name string) string { return map[string]string{"SIX": "::1", "FOUR": "127.0.0.1"}[name] }
	_, port, _ := net.SplitHostPort(closed(t))
	for address, tried := range map[string]bool{
		"[$FOUR]:" + port: true, "[$SIX]:" + port: true, "$FOUR:" + port: true, "$SIX:" + port: false,
		"[$UNSET]:$UNSET": false, "no-resolver.invalid:443": false, "nonsense": false, "$FOUR:": false,
	} {
		r := Try(t.Context(), Question{Patience: pause, Targets: []Target{{Name: "a", Address: address}}}, environ)[0]
		if r.Tried != tried || r.Reached || r.Said == "" || tried && strings.HasPrefix(r.Address, "[1") {
			t.Errorf("%s: %+v", address, r)
		}
	}
}

func TestAsk(t *testing.T) {
	var got string
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Method + " " + r.RequestURI + " " + r.Header.Get("Authorization")
		w.WriteHeader(http.StatusTeapot)
		_, _ = w.Write([]byte(strings.Repeat("x", 2*maxSaid)))
	}))
	question, err := json.Marshal(Asking{URL: api.URL + "/", Token: "token", Model: "m"})
	if err != nil {
		t.Fatal(err)
	}
	ask := func() (said Said) {
		var out bytes.Buffer
		if err := ServeAsking(t.Context(), bytes.NewReader(question), &out); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(out.Bytes(), &said); err != nil {
			t.Fatal(err)
		}
		return said
	}
	if said := ask(); said.Status != http.StatusTeapot || len(said.Text) != maxSaid {
		t.Errorf("status %d with %d bytes", said.Status, len(said.Text))
	}
	if want := "POST /v1/messages/count_tokens Bearer token"; got != want {
		t.Errorf("asked %q, want %q", got, want)
	}
	api.Close()
	if said := ask(); said.Status != 0 || !strings.Contains(said.Text, "refused") {
		t.Errorf("nobody answers, and it says %+v", said)
	}
}
