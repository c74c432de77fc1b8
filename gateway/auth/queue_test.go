package auth

import (
	"context"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func newTestQueue(t *testing.T) *queue {
	w := newWork()
	t.Cleanup(w.stop)
	return newQueue(strangersPerSecond, strangersAtOnce, strangerWait, w)
}

// TestClassThatComesForTheFirstTime: thirty strangers at once, behind one
// address or many, have their turn before the patience of a sign-in ends.
func TestClassThatComesForTheFirstTime(t *testing.T) {
	for name, from := range map[string]func(i int) string{
		"behind one address": func(int) string { return "192.0.2.1" },
		"from everywhere":    func(i int) string { return fmt.Sprint("192.0.2.", i) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q := newTestQueue(t)
				var class sync.WaitGroup
				var served atomic.Int32
				for i := range 30 {
					class.Go(func() {
						if q.wait(t.Context(), from(i)) {
							served.Add(1)
						}
					})
				}
				class.Wait()
				if served.Load() != 30 {
					t.Errorf("of 30 only %d had their turn", served.Load())
				}
			})
		})
	}
}

// TestOneAddressCannotFillTheQueue: somebody else has the next turn but one,
// and who has no chance is told at once.
func TestOneAddressCannotFillTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newTestQueue(t)
		ctx, cancel := context.WithCancel(t.Context())
		began := time.Now()
		var flood sync.WaitGroup
		var toldAtOnce atomic.Int32
		for range 100 {
			flood.Go(func() {
				if !q.wait(ctx, "192.0.2.66") && time.Since(began) == 0 {
					toldAtOnce.Add(1)
				}
			})
		}
		synctest.Wait()
		if n := toldAtOnce.Load(); n < 60 {
			t.Errorf("of 100 only %d were told at once that it takes too long", n)
		}
		if !q.wait(t.Context(), "192.0.2.1") || time.Since(began) > time.Second {
			t.Errorf("somebody else waited %s", time.Since(began))
		}
		cancel()
		flood.Wait()
		if len(q.waiting) != 0 || len(q.order) != 0 {
			t.Errorf("%d addresses are left in the queue", len(q.waiting))
		}
		// It goes on with those who come later.
		if !q.wait(t.Context(), "192.0.2.66") {
			t.Error("nobody has a turn any more")
		}
	})
}

func TestNetworks(t *testing.T) {
	for address, want := range map[string]string{
		"192.0.2.7:1234":            "192.0.2.7",
		"[::ffff:192.0.2.7]:1234":   "192.0.2.7",
		"[2001:db8:1:2:3:4:5:6]:22": "2001:db8:1:2::/64",
		"[fe80::1%eth0]:22":         "fe80::/64",
	} {
		addr, err := net.ResolveTCPAddr("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		if got := networkOf(addr); got != want {
			t.Errorf("%s is of %s, want %s", address, got, want)
		}
	}
}
