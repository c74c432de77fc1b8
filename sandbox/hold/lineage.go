package hold

// lineages tells of each epoch, from 1 on, from which one its terminal goes on in
// the end: its own where its learner came anew. A page whose link breaks comes back
// from the last epoch that it was told of, and may have been another one since: one
// whose link broke before it was told, or one that the gateway has mended.
type lineages []int

// of is the lineage of an epoch; 0 where there was none such.
func (l lineages) of(epoch int) int {
	if epoch < 1 || epoch > len(l) {
		return 0
	}
	return l[epoch-1]
}

// add notes that the next epoch goes on from another one, or from none.
func (l *lineages) add(from int) {
	lineage := l.of(from)
	if lineage == 0 {
		lineage = len(*l) + 1
	}
	*l = append(*l, lineage)
}

// yield tells whether the newest epoch's terminal gives way to one that goes on
// from an epoch. Where the way to that one is mended without its learner, what has
// gone on from it since is the learner's newer connection.
func (l lineages) yield(from int, returning bool) bool {
	newest := len(l)
	return from == 0 || from == newest || returning && l.of(from) == l.of(newest)
}
