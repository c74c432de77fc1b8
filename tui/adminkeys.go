package tui

import (
	"slices"

	"charm.land/bubbles/v2/key"
)

// The bindings of the instructor's screens, besides those that they share with
// the picker.
var (
	keyDetails = key.NewBinding(key.WithKeys("enter"), key.WithHelp("enter", "details"))
	keyKeep    = key.NewBinding(key.WithKeys("enter"), key.WithHelp("enter", "keep the filter"))
	keySort    = key.NewBinding(key.WithKeys("s"), key.WithHelp("s", "sort"))
	keyKill    = key.NewBinding(key.WithKeys("x"), key.WithHelp("x", "end"))
	keyMessage = key.NewBinding(key.WithKeys("m"), key.WithHelp("m", "message"))
	keyAll     = key.NewBinding(key.WithKeys("M"), key.WithHelp("M", "message to all"))
	keyExtend  = key.NewBinding(key.WithKeys("e"), key.WithHelp("e", "extend"))
	keyWatch   = key.NewBinding(key.WithKeys("w"), key.WithHelp("w", "watch"))
	keyGrant   = key.NewBinding(key.WithKeys("g"), key.WithHelp("g", "grant"))
	keyClose   = key.NewBinding(key.WithKeys("d"), key.WithHelp("d", "close door"))
	keyUnlock  = key.NewBinding(key.WithKeys("d"), key.WithHelp("d", "open door"))

	keyYes      = key.NewBinding(key.WithKeys("y", "Y"))
	keyNo       = key.NewBinding(key.WithKeys("enter", "esc", "n", "N"), key.WithHelp("enter", "no, go back"))
	keyReason   = key.NewBinding(key.WithKeys("r", "tab"), key.WithHelp("r", "reason"))
	keySend     = key.NewBinding(key.WithKeys("enter"), key.WithHelp("enter", "send"))
	keyGive     = key.NewBinding(key.WithKeys("enter"), key.WithHelp("enter", "extend"))
	keyNext     = key.NewBinding(key.WithKeys("enter"), key.WithHelp("enter", "next"))
	keyChoose   = key.NewBinding(key.WithKeys("enter"), key.WithHelp("enter", "choose"))
	keyReasoned = key.NewBinding(key.WithKeys("enter", "tab"), key.WithHelp("enter", "keep the reason"))
	keyEscape   = key.NewBinding(key.WithKeys("esc"), key.WithHelp("esc", "back"))

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

// inWords gives keys the names that they have where there is room for them.
func inWords(keys []key.Binding) []key.Binding {
	out := slices.Clone(keys)
	for i := range out {
		if words, ok := keyWords[out[i].Help().Key]; ok {
			out[i].SetHelp(out[i].Help().Key, words)
		}
	}
	return out
}

var keyWords = map[string]string{
	"enter": "show all that is known of a session", "x": "end a session; asks first", "m": "write to a learner",
	"w": "watch a learner's terminal", "e": "give a session more time", "/": "show only lines with some words in them",
	"s": "sort by learner, age, idle, tokens or state", "g": "count a stage as done for a learner",
	"d": "close or open the door to new sessions; asks first", "M": "write to everybody", "?": "these keys", "q": "leave",
}
