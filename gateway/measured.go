package gateway

import (
	"io"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// measured is a learner's terminal whose bytes are counted, and which tells how
// long the first output was in coming.
func (m *metrics) measured(in io.ReadCloser, out io.Writer) (io.ReadCloser, io.Writer) {
	began := time.Now()
	return countedIn{in, m.bytes.WithLabelValues(string(typed))}, countedOut{
		out, m.bytes.WithLabelValues(string(shown)),
		sync.OnceFunc(func() { m.attach.Observe(time.Since(began).Seconds()) }),
	}
}

type countedIn struct {
	io.ReadCloser
	bytes prometheus.Counter
}

func (c countedIn) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.bytes.Add(float64(n))
	return n, err
}

type countedOut struct {
	io.Writer
	bytes prometheus.Counter
	first func()
}

func (c countedOut) Write(p []byte) (int, error) {
	c.first()
	n, err := c.Writer.Write(p)
	c.bytes.Add(float64(n))
	return n, err
}
