package hold

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"strings"
	"testing"

	"lectern/sandbox"
)

// TestExitOfATamperedSandbox: what it says of itself comes to logs, to the audit
// trail and to the screens of others.
func TestExitOfATamperedSandbox(t *testing.T) {
	for said, want := range map[string]sandbox.Exit{
		`{"ending":"exited","code":3}`:                                   {Ending: sandbox.Exited, Code: 3},
		`{"ending":"killed","reason":"a\u001b]0;b\u0007\n\u202ec"}`:      {Ending: sandbox.Killed, Reason: "a]0;b c"},
		`{"ending":"taken-over","reason":"by me"}`:                       {Ending: sandbox.Lost},
		`{"ending":"detached"}`:                                          {Ending: sandbox.Lost},
		`{"ending":"what somebody has typed"}`:                           {Ending: sandbox.Lost},
		`{"ending":"idle","reason":"` + strings.Repeat("x", 9999) + `"}`: {Ending: sandbox.Idle, Reason: strings.Repeat("x", sandbox.MaxLine-1) + "…"},
	} {
		in, _ := io.Pipe()
		exit, err := Attach(t.Context(), saying(said), sandbox.Watch, sandbox.Terminal{In: in, Out: io.Discard})
		if exit.Ending == sandbox.Lost {
			exit.Code, exit.Reason = 0, ""
		}
		if err != nil || exit != want {
			t.Errorf("%.60s is heard as %+v, %v", said, exit, err)
		}

		s, err := Oversee(saying(said), Hear{})
		if err != nil {
			t.Fatal(err)
		}
		<-s.Done()
		exit, ok := s.Exit()
		if ok != (want.Ending != sandbox.Lost) || ok && exit != want {
			t.Errorf("%.60s is overheard as %+v, %v", said, exit, ok)
		}
		s.Close()
	}
}

// saying is the connection to a sandbox that says how it has ended, and no more.
func saying(exit string) net.Conn {
	ours, theirs := net.Pipe()
	go func() {
		defer func() { _ = theirs.Close() }()
		_, _ = readHello(theirs)
		_ = writeFrame(theirs, frameExit, []byte(exit))
	}()
	return ours
}

// TestEveryExitOfAHolderIsHeard: none is lost on the way.
func TestEveryExitOfAHolderIsHeard(t *testing.T) {
	for _, ending := range []sandbox.Ending{
		sandbox.Exited, sandbox.Signalled, sandbox.Killed, sandbox.Stopped, sandbox.LifeOver, sandbox.Idle, sandbox.Lost,
	} {
		exit := sandbox.Exit{Ending: ending, Code: 7, Reason: "A sentence."}
		var left bytes.Buffer
		if err := WriteExit(&left, exit); err != nil {
			t.Fatal(err)
		}
		if heard, ok := ParseExit(left.Bytes()); !ok || heard != exit {
			again, _ := json.Marshal(exit)
			t.Errorf("%s is heard as %+v", again, heard)
		}
	}
}

// TestStatusOfATamperedSandbox: the names of its watchers come to an admin's
// terminal, also as JSON, which leaves U+009B as it is.
func TestStatusOfATamperedSandbox(t *testing.T) {
	many := strings.Repeat(`"x",`, 1000)
	said := `{"watched":["\u009b31mred\u009c","` + strings.Repeat("y", 5000) + `","",` + many + `"z"],"stopping":{"ending":"what was typed","reason":"\u001bc"}}`
	ours, theirs := net.Pipe()
	go func() {
		defer func() { _ = theirs.Close() }()
		_, _ = readHello(theirs)
		_ = writeFrame(theirs, frameNews, []byte(said))
		var buf []byte
		_, _, _ = readFrame(theirs, &buf)
		_ = writeFrame(theirs, frameStatus, []byte(said))
		_, _, _ = readFrame(theirs, &buf)
	}()
	news := make(chan Status, 1)
	s, err := Oversee(ours, Hear{Changed: func(s Status) { news <- s }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	answer, err := s.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, heard := range []Status{<-news, answer} {
		if len(heard.Watched) > 50 || heard.Watched[0] != "31mred" || len(heard.Watched[1]) > 100 || heard.Watched[2] != "somebody" {
			t.Errorf("%d watch: %.300q", len(heard.Watched), heard.Watched)
		}
		if exit := heard.Stopping; exit == nil || exit.Ending != sandbox.Stopped || exit.Reason != "" {
			t.Errorf("it leaves with %+v", exit)
		}
	}
}
