package report

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Handler gives g the events that a Client sends, and answers its questions.
// Whoever does not know the secret is refused.
func Handler(secret string, g Gateway) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+eventsPath, func(w http.ResponseWriter, r *http.Request) { record(w, r, g) })
	mux.HandleFunc("GET "+chargedPath, func(w http.ResponseWriter, r *http.Request) { tell(w, r, g) })
	want := sha256.Sum256([]byte(secret))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given, found := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		// Digests, since a comparison of texts tells how long the secret is.
		got := sha256.Sum256([]byte(given))
		if !found || secret == "" || subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
			http.Error(w, "the secret of the proxy's reports is missing or not ours; give proxy and gateway the same proxy.events.secret_file", http.StatusUnauthorized)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

func record(w http.ResponseWriter, r *http.Request, g Gateway) {
	events, err := readEvents(http.MaxBytesReader(w, r.Body, maxBody))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		http.Error(w, fmt.Sprintf("the batch is larger than %d bytes; send fewer events at a time", maxBody), http.StatusRequestEntityTooLarge)
		return
	}
	if err != nil {
		http.Error(w, "the body is no batch of events, which is what a proxy of our own version sends: "+err.Error(), http.StatusBadRequest)
		return
	}
	if err := g.Record(r.Context(), events); err != nil {
		http.Error(w, "the events could not be recorded, so send them again: "+err.Error(), http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// readEvents reads an array of events and nothing after it. A field that is
// unknown would be lost, so it is refused: the sender is newer and tries again
// until this side is as new.
func readEvents(body io.Reader) ([]Event, error) {
	decoder := json.NewDecoder(body)
	decoder.DisallowUnknownFields()
	var events []Event
	if err := decoder.Decode(&events); err != nil {
		return nil, err
	}
	if events == nil {
		return nil, errors.New("it is no array")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		if err == nil {
			err = errors.New("something follows it")
		}
		return nil, err
	}
	return events, nil
}

func tell(w http.ResponseWriter, r *http.Request, g Gateway) {
	login := r.URL.Query().Get("login")
	if login == "" {
		http.Error(w, "the request does not say whose tokens it asks for; write it as "+chargedPath+"?login=NAME", http.StatusBadRequest)
		return
	}
	tokens, err := g.ChargedToday(r.Context(), login)
	if err != nil {
		http.Error(w, "the tokens used today cannot be read: "+err.Error(), http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(charged{Tokens: tokens}) // who does not read it asks again
}
