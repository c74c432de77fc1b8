package tui

import "charm.land/bubbles/v2/key"

// The bindings of all screens.
var (
	keyUp       = key.NewBinding(key.WithKeys("up", "k", "ctrl+p"))
	keyDown     = key.NewBinding(key.WithKeys("down", "j", "ctrl+n"))
	keyPageUp   = key.NewBinding(key.WithKeys("pgup", "ctrl+b"))
	keyPageDown = key.NewBinding(key.WithKeys("pgdown", "ctrl+f"))
	keyFirst    = key.NewBinding(key.WithKeys("home", "g"))
	keyLast     = key.NewBinding(key.WithKeys("end", "G"))

	keyOpen   = key.NewBinding(key.WithKeys("enter", "right", "l"), key.WithHelp("enter", "open"))
	keyStart  = key.NewBinding(key.WithKeys("enter"), key.WithHelp("enter", "start"))
	keyLocked = key.NewBinding(key.WithKeys("enter"), key.WithHelp("enter", "why locked"))
	keyResume = key.NewBinding(key.WithKeys("enter"), key.WithHelp("enter", "continue"))
	keyBack   = key.NewBinding(key.WithKeys("esc", "left", "h"), key.WithHelp("esc", "back"))
	keyFilter = key.NewBinding(key.WithKeys("/"), key.WithHelp("/", "filter"))
	keyClear  = key.NewBinding(key.WithKeys("esc"), key.WithHelp("esc", "clear"))
	keyHelp   = key.NewBinding(key.WithKeys("?"), key.WithHelp("?", "help"))
	keyQuit   = key.NewBinding(key.WithKeys("q", "ctrl+c"), key.WithHelp("q", "quit"))

	// While a filter is typed, letters are text and only these move.
	keyTypedUp   = key.NewBinding(key.WithKeys("up", "ctrl+p"))
	keyTypedDown = key.NewBinding(key.WithKeys("down", "ctrl+n"))
	keyTyping    = key.NewBinding(key.WithKeys("enter"), key.WithHelp("enter", "choose"))

	keyReturn  = key.NewBinding(key.WithKeys("enter"), key.WithHelp("enter", "go back to it"))
	keyReplace = key.NewBinding(key.WithKeys("n"), key.WithHelp("n", "end it and start the other"))
	keyCancel  = key.NewBinding(key.WithKeys("esc", "ctrl+c"), key.WithHelp("ctrl+c/esc", "go back"))
	keyGoOn    = key.NewBinding(key.WithKeys("enter", "esc"), key.WithHelp("enter", "back to the list"))
)

// keysMove say in the help how to move in a list.
var keysMove = []key.Binding{
	key.NewBinding(key.WithKeys("up", "down"), key.WithHelp("↑/↓ j/k", "move")),
	key.NewBinding(key.WithKeys("left", "right"), key.WithHelp("←/→ h/l", "back, open")),
	key.NewBinding(key.WithKeys("pgup", "pgdown"), key.WithHelp("pgup/pgdn", "move by pages")),
	key.NewBinding(key.WithKeys("home", "end"), key.WithHelp("g/G", "first, last")),
}
