package tui

import (
	"slices"
	"strings"
	"time"

	"charm.land/bubbles/v2/help"
	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"lectern/internal/look"
)

// frame is what the picker and the instructor's screen have in common: what
// they know of the terminal, and what they draw around the screen that is open.
type frame struct {
	now        func() time.Time
	width      int
	height     int
	background Background
	noColor    bool
	theme      *theme
	notice     Notice
	hint       string        // why the last key did nothing; gone with the next one
	busy       string        // stands in the place of the keys while something goes on
	help       bool          // the list of keys covers the screen
	moves      []key.Binding // say in the help how to move in a list
	recorded   bool          // sessions are recorded, which is said where they are started
}

// face is what a frame shows below its header.
type face interface {
	// title stands in the header.
	title() string
	// lines draws the screen; the frame cuts what does not fit.
	lines(p page) []string
	// keys are the bindings that work here, the most important first.
	keys() []key.Binding
	// rows is the screen's list, nil where it has none.
	rows() *list
}

// helper is a face whose keys have longer names in the help than in one line.
type helper interface {
	inHelp() []key.Binding
}

// newFrame takes what the options of both programs have in common.
func newFrame(width, height int, b Background, noColor bool, now func() time.Time) *frame {
	f := &frame{now: now, width: 80, height: 24, background: b, noColor: noColor, moves: keysMove}
	if width > 0 && height > 0 {
		f.width, f.height = width, height
	}
	if f.now == nil {
		f.now = time.Now
	}
	f.theme = newTheme(f.background != BackgroundLight, f.noColor)
	return f
}

// Background is what is known of the terminal's colour by now.
func (f *frame) Background() Background { return f.background }

// ask asks for the terminal's background where it is not known.
func (f *frame) ask() tea.Cmd {
	if f.background == BackgroundUnknown && !f.noColor {
		return tea.RequestBackgroundColor
	}
	return nil
}

// adapt follows what the terminal tells of itself.
func (f *frame) adapt(msg tea.Msg) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		// A client that does not know its size reports 0 by 0.
		if msg.Width > 0 && msg.Height > 0 {
			f.width, f.height = msg.Width, msg.Height
		}
	case tea.BackgroundColorMsg:
		f.background = BackgroundLight
		if msg.IsDark() {
			f.background = BackgroundDark
		}
		f.theme = newTheme(msg.IsDark(), f.noColor)
	}
}

// roomy reports whether the terminal is large enough to show anything.
func (f *frame) roomy() bool { return look.Roomy(f.width, f.height) }

// page is the room of the whole terminal.
func (f *frame) page() page {
	return page{width: f.width, height: f.height, theme: f.theme, now: f.now(), caret: new(caret)}
}

// view draws top with what is right of its title, and what beside makes of the
// line of keys where top has a list. Every line of it fits the terminal.
func (f *frame) view(top face, right string, beside func(keys string) string) tea.View {
	content, cursor := f.draw(top, right, beside)
	return f.screenful(content, cursor)
}

// screenful is a view of the whole terminal.
func (f *frame) screenful(content string, cursor *tea.Cursor) tea.View {
	v := tea.NewView(content)
	v.AltScreen = true
	v.WindowTitle = "Lectern"
	v.Cursor = cursor
	return v
}

func (f *frame) draw(top face, right string, beside func(keys string) string) (string, *tea.Cursor) {
	if !f.roomy() {
		return look.TooSmall(f.width, f.height), nil
	}
	p := f.page()
	var cursor *tea.Cursor

	lines := []string{f.header(top, right)}
	if f.height >= look.Low {
		lines = append(lines, f.theme.faded.Render(strings.Repeat("─", f.width)))
	}
	notice := f.noticeLines()
	p.spaced = len(notice) > 1 && f.height >= look.Low
	lines = append(lines, notice...)
	lines = append(lines, f.recordedLine()...)
	if l := top.rows(); l != nil && l.filter.inUse() && !f.help {
		line, column := l.filter.line(f.theme, len(l.shown), f.width)
		if l.filter.typing {
			cursor = f.cursorAt(column, len(lines))
		}
		lines = append(lines, line)
	}

	p.height = f.height - len(lines) - 1
	if f.height > look.Low {
		p.height-- // a blank line above the keys
	}
	body := top.lines
	if f.help {
		keys, moves := top.keys(), f.moves
		if top.rows() == nil {
			moves = nil
		}
		body = func(p page) []string {
			if h, ok := top.(helper); ok && oneALine(len(keys)+len(moves), p) {
				if long := helpLines(p, slices.Concat(h.inHelp(), moves)); lipgloss.Width(strings.Join(long, "\n")) <= p.width {
					return long
				}
			}
			return helpLines(p, slices.Concat(keys, moves))
		}
	}
	drawn := body(p)
	if p.caret.shown && p.caret.line < p.height {
		cursor = f.cursorAt(p.caret.column, len(lines)+p.caret.line)
	}
	for i := range p.height {
		line := ""
		if i < len(drawn) {
			line = look.Clip(drawn[i], f.width)
		}
		lines = append(lines, line)
	}
	for len(lines) < f.height-1 {
		lines = append(lines, "")
	}
	lines = append(lines, f.footer(top, beside))
	return strings.Join(lines, "\n"), cursor
}

// cursorAt shows the terminal's own cursor, since that is where an input method
// shows the syllable that is being composed.
func (f *frame) cursorAt(column, line int) *tea.Cursor {
	return tea.NewCursor(min(column, f.width-1), line)
}

// recordedLine says that sessions are recorded, where they are, with a blank line
// below it where there is room.
func (f *frame) recordedLine() []string {
	if !f.recorded || f.help {
		return nil
	}
	out := []string{" " + f.theme.bad.Render(signRecorded) + f.theme.faded.Render(" Sessions are recorded.")}
	if f.height >= look.Low {
		out = append(out, "")
	}
	return out
}

// header names the product, the place, and what is right of them.
func (f *frame) header(top face, right string) string {
	t := f.theme
	left := look.Brand(t.brand, "Lectern") + "  " + t.strong.Render(top.title())
	return look.Spread(left, t.faded.Render(right), f.width-1)
}

// noticeLines is the notice in one line, or two where it is long, and a blank
// line below it where there is room.
func (f *frame) noticeLines() []string {
	if f.notice.Text == "" || f.help {
		return nil
	}
	kind := f.notice.Kind
	if kind != Good && kind != Bad {
		kind = Info
	}
	text := shorten(wrap(look.OneLine(f.notice.Text), f.width-6), 2, f.width-6)
	if f.height < look.Low {
		text = shorten(text, 1, f.width-6)
	}
	widest := 0
	for _, l := range text {
		widest = max(widest, lipgloss.Width(l))
	}
	var out []string
	for i, l := range text {
		sign := " "
		if i == 0 {
			sign = noticeSign(kind)
		}
		out = append(out, " "+f.theme.notices[kind].Render(" "+sign+" "+look.Fill(l, widest)+" "))
	}
	if f.height >= look.Low {
		out = append(out, "")
	}
	return out
}

// footer is the one line of keys, or why the last key did nothing.
func (f *frame) footer(top face, beside func(keys string) string) string {
	if f.hint != "" {
		return " " + f.theme.notices[Info].Render(look.Clip(" "+noticeSign(Info)+" "+f.hint+" ", f.width-2))
	}
	if f.busy != "" {
		return look.Clip(f.busy, f.width)
	}
	keys := top.keys()
	if f.help {
		keys = []key.Binding{key.NewBinding(key.WithKeys("any"), key.WithHelp("any key", "close"))}
	}
	h := help.New()
	h.ShortSeparator = "  "
	h.Styles = f.theme.help
	h.SetWidth(f.width - 2)
	line := look.Clip(" "+h.ShortHelpView(keys), f.width)
	if f.help || top.rows() == nil {
		return line
	}
	return beside(line)
}
