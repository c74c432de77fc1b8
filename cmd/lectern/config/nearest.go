package config

import "strings"

// nearest returns the known name that a misspelt one most likely means. Names
// that begin with it, or end in tail, its part without a section, go first.
func nearest(name, tail string, known []string) string {
	best, bestFits, bestCost := "", false, 0
	for _, candidate := range known {
		fits := strings.HasPrefix(candidate, name) || strings.HasSuffix(candidate, tail)
		cost := distance(name, candidate)
		if best == "" || fits && !bestFits || fits == bestFits && cost < bestCost {
			best, bestFits, bestCost = candidate, fits, cost
		}
	}
	return best
}

// distance is Levenshtein's: how many bytes to add, drop or change to make b of a.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
