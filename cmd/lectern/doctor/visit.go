package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// usualLimit is how long a check may take that does not say otherwise.
const usualLimit = 15 * time.Second

// check is a row in the making.
type check struct {
	group    Group
	name     string
	look     func(context.Context) Finding
	limit    time.Duration
	required []*check // must be good before
	awaited  []*check // must be over before
	done     chan struct{}
	row      Row // valid once done is closed
}

func (d *Doctor) check(group Group, name string, look func(context.Context) Finding) *check {
	c := &check{group: group, name: name, look: look, limit: usualLimit, done: make(chan struct{})}
	d.checks = append(d.checks, c)
	return c
}

// needs has the check skipped unless the others find nothing wrong.
func (c *check) needs(others ...*check) *check {
	c.required = append(c.required, others...)
	return c.after(others...)
}

// after has the check wait for others, whatever they find.
func (c *check) after(others ...*check) *check {
	c.awaited = append(c.awaited, others...)
	return c
}

func (c *check) within(limit time.Duration) *check {
	c.limit = limit
	return c
}

// removalLimit is how long it may take to remove what was made.
const removalLimit = 45 * time.Second

// Visit looks at everything, tells of each row as soon as it and those before it
// are there, and returns all. When it returns, what it made is gone, also where
// ctx has ended; an error says what could not be removed.
func (d *Doctor) Visit(ctx context.Context, tell func(Row)) (rows []Row, err error) {
	var running sync.WaitGroup
	for _, c := range d.checks {
		running.Go(func() { c.run(ctx) })
	}
	for _, c := range d.inOrder() {
		<-c.done
		rows = append(rows, c.row)
		tell(c.row)
	}
	running.Wait()
	removing, cancel := context.WithTimeout(context.WithoutCancel(ctx), removalLimit)
	defer cancel()
	return rows, d.cluster.close(removing)
}

// Names are the rows of this visit, in the order in which they are shown.
func (d *Doctor) Names() []string {
	var names []string
	for _, c := range d.inOrder() {
		names = append(names, c.name)
	}
	return names
}

func (d *Doctor) inOrder() []*check {
	ordered := slices.Clone(d.checks)
	slices.SortStableFunc(ordered, func(a, b *check) int {
		return slices.Index(groups, a.group) - slices.Index(groups, b.group)
	})
	return ordered
}

// run makes the row.
func (c *check) run(ctx context.Context) {
	defer close(c.done)
	c.row = Row{Group: c.group, Name: c.name}
	for _, other := range c.awaited {
		<-other.done
	}
	for _, other := range c.required {
		if other.row.State != Good {
			c.row.Finding = skipped("needs the row " + other.name)
			return
		}
	}
	limited, cancel := context.WithTimeout(ctx, c.limit)
	defer cancel()
	c.row.Finding = c.look(limited)
	switch {
	case ctx.Err() != nil:
		c.row.Finding = skipped("interrupted")
	case errors.Is(limited.Err(), context.DeadlineExceeded) && c.row.State == Bad:
		c.row.Text += fmt.Sprintf(" (looked for %s)", c.limit)
	}
	c.row.Text, c.row.Mend = oneLine(c.row.Text), oneLine(c.row.Mend)
}

// again tries for some seconds what reaches over the network: in a Pod that has
// only just started, the way out may not be there yet.
func again(ctx context.Context, try func() error) error {
	const times = 4
	pause := time.NewTicker(time.Second)
	defer pause.Stop()
	for n := 1; ; n++ {
		err := try()
		if err == nil || n == times {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-pause.C:
		}
	}
}

// oneLine takes the breaks out of what others have said.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// Sound tells whether nothing is wrong.
func Sound(rows []Row) bool {
	return !slices.ContainsFunc(rows, func(r Row) bool { return r.State == Bad })
}
