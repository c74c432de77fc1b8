package hold

import "testing"

// TestLineages: from which epochs one may come, where the newest one's terminal is
// there, by how all have joined so far.
func TestLineages(t *testing.T) {
	for name, c := range map[string]struct {
		from             []int // of each that has joined
		returns, refused []int
	}{
		"anew":                              {[]int{0}, []int{1}, []int{2, -1, 1 << 31}},
		"back once":                         {[]int{0, 1}, []int{1, 2}, []int{3}},
		"back from what it was told":        {[]int{0, 1, 2}, []int{1, 2, 3}, nil},
		"back, and told nothing":            {[]int{0, 1, 1, 1}, []int{1, 2, 3, 4}, nil},
		"another anew":                      {[]int{0, 1, 0}, []int{3}, []int{1, 2}},
		"another, and that one back":        {[]int{0, 1, 0, 3}, []int{3, 4}, []int{1, 2}},
		"the first again, once it is empty": {[]int{0, 0, 1}, []int{1, 3}, []int{2}},
		"from what never was":               {[]int{0, 7}, []int{2}, []int{1, 7}},
	} {
		t.Run(name, func(t *testing.T) {
			var l lineages
			for _, from := range c.from {
				l.add(from)
			}
			for _, from := range append(c.returns, 0) {
				if !l.yield(from, true) {
					t.Errorf("one that returns from %d is refused", from)
				}
			}
			for _, from := range c.refused {
				if l.yield(from, true) {
					t.Errorf("one that returns from %d is let in", from)
				}
			}
			newest := len(l)
			for from := 1; from < newest; from++ {
				if l.yield(from, false) {
					t.Errorf("the way of %d is mended, though there is %d", from, newest)
				}
			}
			if !l.yield(newest, false) {
				t.Error("the way of the newest is not mended")
			}
		})
	}
}
