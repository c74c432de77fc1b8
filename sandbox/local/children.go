package local

import "os"

// The first process of a sandbox is a child of the gateway that has started it
// and outlives that gateway, so nothing may wait for its end as such. Whoever
// clears an ended sandbox away takes it in; where the gateway is gone by then,
// the system does.

// keep remembers the first process of a new sandbox.
func (b *Backend) keep(name string, first *os.Process) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.children[name] = first
}

// reap waits for the first process of a sandbox that has ended or is being
// given up, where it is a child of ours.
func (b *Backend) reap(name string) {
	b.mu.Lock()
	first := b.children[name]
	delete(b.children, name)
	b.mu.Unlock()
	if first == nil {
		return
	}
	_ = first.Kill() // on its way out, or given up: the wait is short
	_, _ = first.Wait()
}
