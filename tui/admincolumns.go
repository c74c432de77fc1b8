package tui

import (
	"slices"
	"strconv"
	"time"

	"charm.land/lipgloss/v2"

	"lectern/internal/look"
)

// column is one column of the table.
type column struct {
	name  string
	sorts order // what the table is sorted by where this column leads
	right bool  // numbers stand at the right
	width int
	// cell is what stands in a line, and words what is said of it elsewhere where
	// the column has no room; both are empty where there is nothing to say.
	cell  func(g *guest, p page, width int) string
	words func(g *guest, now time.Time) string
}

const (
	columnGap = 2
	minCourse = 18 // a narrower one tells too little
	maxColumn = 20 // of learners, states and places
)

// columnsIn are those for which there is room in width columns, as they stand,
// and those for which there is none.
func (s *seats) columnsIn(p page, width int) (shown, hidden []column) {
	all := s.allColumns(p)
	room, fits := width, make([]bool, len(all))
	for _, i := range byImportance {
		need := all[i].width
		if room < width {
			need += columnGap
		}
		if fits[i] = need <= room; fits[i] {
			room -= need
		}
	}
	grows := atCourse
	if !fits[atCourse] {
		grows = atLearner
	}
	all[grows].width += room
	for i, c := range all {
		if fits[i] {
			shown = append(shown, c)
		} else {
			hidden = append(hidden, c)
		}
	}
	return shown, hidden
}

// The columns from left to right.
const (
	atLearner = iota
	atCourse
	atState
	atAge
	atIdle
	atPlace
	atTokens
)

// byImportance says which columns get room first.
var byImportance = []int{atLearner, atState, atIdle, atCourse, atAge, atTokens, atPlace}

// widest are the columns whose width depends on what is in them.
type widest struct{ learner, state, place int }

// measure finds the widest cells of the whole table, so that nothing moves while
// one scrolls or filters.
func (s *seats) measure(t *theme, now time.Time) {
	s.widest = widest{}
	for i := range s.all {
		g := &s.all[i]
		_, words, _ := t.signOfGuest(g, now)
		s.widest.learner = max(s.widest.learner, lipgloss.Width(g.name()))
		s.widest.state = max(s.widest.state, 2+lipgloss.Width(words))
		s.widest.place = max(s.widest.place, lipgloss.Width(g.Place))
	}
}

// allColumns are all of them, each as wide as it has to be.
func (s *seats) allColumns(p page) []column {
	all := slices.Clone(tableColumns)
	for at, width := range map[int]int{atLearner: s.widest.learner, atState: s.widest.state, atPlace: s.widest.place} {
		all[at].width = max(all[at].width, min(maxColumn, width))
	}
	if p.width < look.Narrow {
		all[atLearner].width = min(all[atLearner].width, 14)
		all[atState].width = min(all[atState].width, 14)
	}
	return all
}

var tableColumns = []column{
	atLearner: {name: "Learner", sorts: byLearner, width: 9, cell: func(g *guest, p page, width int) string {
		return look.Clip(g.name(), width)
	}},
	atCourse: {name: "Course · stage", sorts: byNothing, width: minCourse, cell: func(g *guest, p page, width int) string {
		stage := " · " + strconv.Itoa(g.Stage)
		if long := stage + " " + g.StageTitle; g.StageTitle != "" && lipgloss.Width(g.CourseTitle+long) <= width {
			stage = long
		}
		return look.Clip(g.CourseTitle, width-lipgloss.Width(stage)) + p.theme.faded.Render(stage)
	}},
	atState: {name: "State", sorts: byState, width: 11, cell: func(g *guest, p page, width int) string {
		sign, words, style := p.theme.signOfGuest(g, p.now)
		return style.Render(look.Clip(sign+" "+words, width))
	}},
	atAge: {
		name: "Age", sorts: byAge, right: true, width: 5,
		cell:  func(g *guest, p page, _ int) string { return ago(p.now, g.begin()) },
		words: func(g *guest, now time.Time) string { return labelled("for ", ago(now, g.begin())) },
	},
	atIdle: {
		name: "Idle", sorts: byIdle, right: true, width: 5,
		cell:  func(g *guest, p page, _ int) string { return ago(p.now, g.typedAt()) },
		words: func(g *guest, now time.Time) string { return labelled("idle ", ago(now, g.typedAt())) },
	},
	atPlace: {
		name: "Place", sorts: byNothing, width: 8,
		cell:  func(g *guest, p page, width int) string { return p.theme.faded.Render(look.Clip(g.Place, width)) },
		words: func(g *guest, _ time.Time) string { return labelled("on ", g.Place) },
	},
	atTokens: {
		name: "Tokens", sorts: byTokens, right: true, width: 7,
		cell:  func(g *guest, _ page, _ int) string { return g.tokens() },
		words: func(g *guest, _ time.Time) string { return labelled("tokens ", g.tokens()) },
	},
}

func labelled(label, s string) string {
	if s == "" {
		return ""
	}
	return label + s
}

// in puts text into the column's width.
func (c *column) in(text string) string {
	if c.right {
		return look.Fill("", c.width-lipgloss.Width(text)) + text
	}
	return look.Fill(text, c.width)
}
