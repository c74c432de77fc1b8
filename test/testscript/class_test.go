package testscript_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"lectern/proxy/report"
)

// classroom is a class whose learners finish the first stage one after the
// other, as an API proxy tells it: learner-0, learner-1 and so on to a number
// that is enough for any journey.
type classroom struct {
	finished atomic.Int64
	end      context.CancelFunc
	ended    chan error
}

// class begin SECRET lets a class begin, whose proxy reports to FREE_PORT with
// the secret in that file. class N waits until so many learners have been told
// that they are done, and class end ends it.
func class(ts *testscript.TestScript, _ bool, args []string) {
	w := worldOf(ts)
	switch args[0] {
	case "begin":
		w.class = beginClass("http://127.0.0.1:"+w.free, strings.TrimSpace(ts.ReadFile(args[1])))
	case "end":
		ts.Check(w.class.stop())
	default:
		want, err := strconv.ParseInt(args[0], 10, 64)
		ts.Check(err)
		waitFor(ts, args[0]+" learners to be done", func() bool { return w.class.finished.Load() >= want },
			func() string { return fmt.Sprint(w.class.finished.Load(), " are done") })
	}
}

func beginClass(gateway, secret string) *classroom {
	ctx, end := context.WithCancel(context.Background())
	c := &classroom{end: end, ended: make(chan error, 1)}
	go func() {
		client := report.NewClient(gateway, secret)
		defer client.Close()
		for c.finished.Load() < 1000 && ctx.Err() == nil {
			login := fmt.Sprint("learner-", c.finished.Load())
			done := report.Event{ID: login, At: time.Now(), Login: login, Session: "s-" + login, Course: "two-steps", Stage: 1}
			used := done
			done.Completed = &report.Completed{Stage: 1}
			used.ID, used.Used = "used-"+login, &report.Usage{Model: "m", Output: 7}
			if err := client.Record(ctx, []report.Event{done, used}); err != nil {
				c.ended <- err
				return
			}
			c.finished.Add(1)
		}
		c.ended <- nil
	}()
	return c
}

// stop ends the class, and tells what ended it before.
func (c *classroom) stop() error {
	c.end()
	err := <-c.ended
	c.ended <- err // for who ends it again
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}
