package tui

import "charm.land/bubbles/v2/key"

// The bindings of the instructor's screens, besides those that they share with
// the picker.
var (
	keyDetails = key.NewBinding(key.WithKeys("enter"), key.WithHelp("enter", "details"))
	keyKeep    = key.NewBinding(key.WithKeys("enter"), key.WithHelp("enter", "keep the filter"))
	keyLeave   = key.NewBinding(key.WithKeys("q", "esc"), key.WithHelp("q", "quit"))
	keySort    = key.NewBinding(key.WithKeys("s"), key.WithHelp("s", "sort"))
	keyKill    = key.NewBinding(key.WithKeys("x"), key.WithHelp("x", "end"))
	keyMessage = key.NewBinding(key.WithKeys("m"), key.WithHelp("m", "message"))
	keyAll     = key.NewBinding(key.WithKeys("M"), key.WithHelp("M", "message to all"))
	keyExtend  = key.NewBinding(key.WithKeys("e"), key.WithHelp("e", "extend"))
	keyWatch   = key.NewBinding(key.WithKeys("w"), key.WithHelp("w", "watch"))
	keyGrant   = key.NewBinding(key.WithKeys("g"), key.WithHelp("g", "grant"))
	keyClose   = key.NewBinding(key.WithKeys("d"), key.WithHelp("d", "close door"))
	keyUnlock  = key.NewBinding(key.WithKeys("d"), key.WithHelp("d", "open door"))

	keyYes    = key.NewBinding(key.WithKeys("y", "Y"))
	keyNo     = key.NewBinding(key.WithKeys("enter", "esc", "n", "N"), key.WithHelp("enter", "no, go back"))
	keySend   = key.NewBinding(key.WithKeys("enter"), key.WithHelp("enter", "send"))
	keyGive   = key.NewBinding(key.WithKeys("enter"), key.WithHelp("enter", "extend"))
	keyNext   = key.NewBinding(key.WithKeys("enter"), key.WithHelp("enter", "next"))
	keyChoose = key.NewBinding(key.WithKeys("enter"), key.WithHelp("enter", "choose"))
	keyEscape = key.NewBinding(key.WithKeys("esc"), key.WithHelp("esc", "back"))

	keyUnwatch  = key.NewBinding(key.WithKeys("esc", "q"), key.WithHelp("esc", "leave"))
	keyMoveCrop = key.NewBinding(key.WithKeys("up", "down", "left", "right"), key.WithHelp("arrows", "move the view"))
	keyFollow   = key.NewBinding(key.WithKeys("f"), key.WithHelp("f", "follow the cursor"))
)

// keysAdminMove say in the help how to move in a list.
var keysAdminMove = []key.Binding{
	key.NewBinding(key.WithKeys("up", "down"), key.WithHelp("↑/↓ j/k", "move")),
	key.NewBinding(key.WithKeys("pgup", "pgdown"), key.WithHelp("pgup/pgdn", "move by pages")),
	key.NewBinding(key.WithKeys("home", "end"), key.WithHelp("home/end", "first, last")),
}
