package gateway

import (
	"context"
	"io"
	"sync"

	tea "charm.land/bubbletea/v2"
	uv "github.com/charmbracelet/ultraviolet"
)

// keyboard reads what the learner types for one program. The program's own
// reader waits for ever to hand over keys that came behind the one that quits,
// one goroutine for each session; sending to a program that has ended returns.
type keyboard struct{ running sync.WaitGroup }

// listen reads in until it ends; then, with all that was typed sent, it calls
// ended.
func listen(in io.Reader, term string, send func(tea.Msg), ended func()) *keyboard {
	k := &keyboard{}
	events := make(chan uv.Event)
	k.running.Go(func() {
		defer close(events)
		_ = uv.NewTerminalReader(in, term).StreamEvents(context.Background(), events) // the session notices its end
	})
	k.running.Go(func() {
		for event := range events {
			send(event)
		}
		ended()
	})
	return k
}

// wait returns once in has ended and every key is handed over.
func (k *keyboard) wait() { k.running.Wait() }
