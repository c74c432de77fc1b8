package gateway

import (
	"time"

	tea "charm.land/bubbletea/v2"
	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
)

// A picker asks the terminal what it can do, and the answers come back as
// input. One that is left quickly would leave them to whoever reads next: to
// the tutor, or to the learner's own shell, which take them for typed. So the
// last question is one that every terminal answers, and the picker does not
// end before that answer.

// lastAnswer is how long a picker waits for it: as much as a slow line takes.
const lastAnswer = time.Second

// asking is a screen that asks the last question after its own ones.
type asking struct{ tea.Model }

// Init asks.
func (a asking) Init() tea.Cmd {
	return tea.Sequence(a.Model.Init(), tea.Raw(ansi.RequestPrimaryDeviceAttributes))
}

// answers watches the messages of one program and belongs to its event loop.
type answers struct {
	quit func() // asks the program to quit, again
	till time.Time
	all  bool // the last answer is in
	late *time.Timer
}

func awaitAnswers(quit func()) *answers {
	return &answers{quit: quit, till: time.Now().Add(lastAnswer)}
}

// filter keeps a QuitMsg back until the last answer has come, or is overdue.
func (a *answers) filter(msg tea.Msg) tea.Msg {
	switch msg.(type) {
	case uv.PrimaryDeviceAttributesEvent:
		a.all = true
		if a.late != nil {
			return tea.QuitMsg{}
		}
		return nil
	case tea.QuitMsg:
		left := time.Until(a.till)
		if a.all || left <= 0 {
			return msg
		}
		if a.late == nil {
			a.late = time.AfterFunc(left, a.quit)
		}
		return nil
	}
	return msg
}

// stop is called when the program has ended.
func (a *answers) stop() {
	if a.late != nil {
		a.late.Stop()
	}
}
