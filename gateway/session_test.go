package gateway

import (
	"testing"

	"golang.org/x/crypto/ssh"
)

func TestExitStatuses(t *testing.T) {
	l := newLab(t, nil)
	client := l.dial()
	for command, want := range map[string]int{"whoami": 0, "nonsense": 1, "stages": 1, "stages nothing": 1} {
		session, err := client.NewSession()
		if err != nil {
			t.Fatal(err)
		}
		err = session.Run(command)
		got := 0
		if status, ok := err.(*ssh.ExitError); ok {
			got = status.ExitStatus()
		} else if err != nil {
			t.Errorf("%s: %v", command, err)
		}
		if got != want {
			t.Errorf("%s ended with %d, want %d", command, got, want)
		}
	}
}
