package tui

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
)

// seats is the table of all sessions and of those who wait.
type seats struct {
	admin  *Admin
	all    []guest
	list   list
	sort   order
	widest widest
	from   string // the session under the cursor when the filter was begun
}

// order is by what the table is sorted.
type order int

const (
	byLearner order = iota
	byAge
	byIdle
	byTokens
	byState
	orders             // how many there are
	byNothing = orders // of a column by which nothing is sorted
)

// names of the orders, as they follow "sorted by".
func (o order) String() string { return [...]string{"learner", "age", "idle", "tokens", "state"}[o] }

func newSeats(a *Admin) *seats {
	s := &seats{admin: a}
	s.list = newList(0, 0, func(row int) bool { return s.all[row].found(&s.list.filter, a.theme) })
	return s
}

// fill shows a newer room. The cursor stays on its session, or in its place
// where that is gone.
func (s *seats) fill(r Room) {
	id := s.selected()
	s.all = r.guests()
	s.measure(s.admin.theme, s.admin.now())
	s.arrange(id)
}

// selected is the session under the cursor, "" where there is none.
func (s *seats) selected() string {
	if g := s.guest(); g != nil {
		return g.Session
	}
	return ""
}

// guest is the line under the cursor, nil where there is none.
func (s *seats) guest() *guest {
	if row := s.list.selected(); row >= 0 {
		return &s.all[row]
	}
	return nil
}

// find is a guest by their session, nil where they have left.
func (s *seats) find(session string) *guest {
	for i := range s.all {
		if s.all[i].Session == session {
			return &s.all[i]
		}
	}
	return nil
}

// arrange sorts the lines and puts the cursor on a session.
func (s *seats) arrange(session string) {
	slices.SortStableFunc(s.all, s.compare)
	s.list.replace(len(s.all), slices.IndexFunc(s.all, func(g guest) bool { return g.Session == session }))
}

// compare puts the longest and the most first, and those of whom it is not
// known last.
func (s *seats) compare(a, b guest) int {
	first := 0
	switch s.sort {
	case byAge:
		first = longest(a.begin(), b.begin())
	case byIdle:
		first = longest(a.typedAt(), b.typedAt())
	case byTokens:
		first = cmp.Compare(b.Tokens, a.Tokens)
	case byState:
		first = cmp.Or(cmp.Compare(a.condition(), b.condition()), cmp.Compare(a.position, b.position))
	}
	return cmp.Or(first, strings.Compare(a.Login, b.Login), strings.Compare(a.Session, b.Session))
}

// longest puts the earlier one first, and one that is not known last.
func longest(a, b time.Time) int {
	switch {
	case a.IsZero() && b.IsZero():
		return 0
	case a.IsZero():
		return 1
	case b.IsZero():
		return -1
	}
	return a.Compare(b)
}

func (s *seats) title() string { return "Sessions" }
func (s *seats) rows() *list   { return &s.list }

func (s *seats) typed() *entry {
	if s.list.filter.typing {
		return &s.list.filter.entry
	}
	return nil
}

func (s *seats) keys() []key.Binding {
	door := keyClose
	if s.admin.room.DoorClosed {
		door = keyUnlock
	}
	var keys []key.Binding
	switch g := s.guest(); {
	case s.list.filter.typing:
		return []key.Binding{keyKeep, keyClear}
	case g == nil:
		keys = []key.Binding{keyHelp, keyQuit, door, keyGrant, keyFilter}
	case g.waits:
		keys = []key.Binding{keyDetails, keyHelp, keyQuit, keyFilter, keySort, keyGrant, door, keyAll}
	default:
		keys = []key.Binding{keyDetails, keyHelp, keyQuit, keyKill, keyMessage, keyWatch, keyExtend, keyFilter, keySort, keyGrant, door, keyAll}
	}
	if s.list.filter.text != "" {
		keys = slices.Insert(keys, 0, keyClear)
	}
	return keys
}

func (s *seats) inHelp() []key.Binding { return inWords(s.keys()) }

func (s *seats) press(a *Admin, k tea.KeyPressMsg) tea.Cmd {
	if s.list.filter.typing {
		s.pressTyped(k)
		return nil
	}
	g := s.guest()
	switch {
	case key.Matches(k, keyEscape):
		s.escape(a)
	case key.Matches(k, keyQuit):
		return tea.Quit
	case key.Matches(k, keySort):
		id := s.selected()
		s.sort = (s.sort + 1) % orders
		s.arrange(id)
	case key.Matches(k, keyDetails):
		if g != nil {
			return a.inspect(*g)
		}
	case key.Matches(k, keyAll):
		return a.writeAll()
	case key.Matches(k, keyClose):
		a.askDoor()
	default:
		if cmd, known := a.act(k, g); known {
			return cmd
		}
		s.from = s.selected()
		s.list.press(k)
	}
	return nil
}

// escape takes back what is on top of the table. It never leaves: Esc is how one
// comes here from every other screen, and once more would end in one's shell,
// which gets the keys that follow.
func (s *seats) escape(a *Admin) {
	switch f := &s.list.filter; {
	case a.notice.Text != "":
		a.notice = Notice{}
	case f.text != "":
		*f = newFilter()
		s.list.sift()
	default:
		a.hint = "q leaves."
	}
}

// pressTyped handles a key while the filter is typed. The cursor goes back to
// where it was as soon as that is shown again, unless it was moved meanwhile.
func (s *seats) pressTyped(k tea.KeyPressMsg) {
	f := &s.list.filter
	switch before := f.text; {
	case key.Matches(k, keyKeep):
		f.typing = false
	case !s.list.press(k):
	case f.text == before && f.typing:
		s.from = ""
	default:
		s.goTo(s.from)
	}
}

// goTo puts the cursor on a session, where it is shown.
func (s *seats) goTo(session string) {
	if i := slices.IndexFunc(s.list.shown, func(row int) bool { return s.all[row].Session == session }); i >= 0 {
		s.list.cursor = i
	}
}

// act handles the keys that do something with a guest, who may be nil, and
// reports whether k is one of them.
func (a *Admin) act(k tea.KeyPressMsg, g *guest) (cmd tea.Cmd, known bool) {
	if key.Matches(k, keyGrant) {
		a.open(newGrant(a.room.Courses, g))
		return nil, true
	}
	if !key.Matches(k, keyKill, keyMessage, keyExtend, keyWatch) {
		return nil, false
	}
	switch {
	case g == nil:
		a.hint = "There is no session to do that with."
	case g.waits:
		a.hint = g.Login + " has no session yet."
	case key.Matches(k, keyKill):
		a.askKill(*g)
	case key.Matches(k, keyMessage):
		a.open(newLetter(*g))
	case key.Matches(k, keyExtend):
		a.open(newExtension(a, *g))
	default:
		return a.watch(*g), true
	}
	return nil, true
}
