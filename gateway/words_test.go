package gateway

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"
)

func TestForLearner(t *testing.T) {
	at := func(err error) error {
		return fmt.Errorf("make a sandbox: %w", &fs.PathError{Op: "write", Path: "/srv/data/x", Err: err})
	}
	plain := errors.New("stage 2 is locked: finish stage 1 first")
	for _, test := range []struct {
		err  error
		want string
	}{
		{nil, "<nil>"},
		{plain, "stage 2 is locked"},
		{at(syscall.ENOSPC), "the disk of this gateway is full"},
		{at(syscall.EACCES), "try again, and if it happens again tell"},
	} {
		got := fmt.Sprint(forLearner(test.err))
		if !strings.Contains(got, test.want) || strings.Contains(got, "/srv") {
			t.Errorf("of %v the learner is told %q", test.err, got)
		}
	}
}
