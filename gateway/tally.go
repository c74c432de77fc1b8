package gateway

import "github.com/prometheus/client_golang/prometheus"

// tally is a counter by one label whose values are known beforehand. All of
// them are there from the start, since Prometheus does not see the first
// increase of a series that comes with it. What is none of them is counted as
// otherWord, so that nobody from outside can make series.
type tally[T ~string] struct {
	*prometheus.CounterVec
	known map[T]prometheus.Counter
}

// otherWord is the label of what has no word of its own.
const otherWord = "other"

func newTally[T ~string](name, help, label string, values ...T) tally[T] {
	t := tally[T]{
		CounterVec: prometheus.NewCounterVec(prometheus.CounterOpts(opts(name, help)), []string{label}),
		known:      make(map[T]prometheus.Counter, len(values)),
	}
	for _, v := range values {
		t.known[v] = t.WithLabelValues(string(v))
	}
	return t
}

func (t tally[T]) count(v T) {
	if c, ok := t.known[v]; ok {
		c.Inc()
		return
	}
	t.WithLabelValues(otherWord).Inc()
}
