package config

import "github.com/spf13/pflag"

// RegisterFlags adds one flag a key to fs, such as --ssh.listen. The flags only
// remember what was typed; Load reads and checks it, so that all problems are
// reported together.
func RegisterFlags(fs *pflag.FlagSet) {
	defaults := Defaults()
	for _, k := range values(&defaults) {
		f := fs.VarPF(&typed{text: k.text(), kind: k.kind()}, k.path, "", k.doc)
		if k.kind() == "bool" {
			f.NoOptDefVal = "true"
		}
	}
}

// typed is what a user typed for a flag, or the default's text before that.
type typed struct {
	text string
	kind string
	set  bool
}

func (t *typed) String() string { return t.text }

func (t *typed) Type() string { return t.kind }

// Set never fails. A list that is given again grows.
func (t *typed) Set(text string) error {
	if t.kind == "list" && t.set {
		text = t.text + "," + text
	}
	t.text, t.set = text, true
	return nil
}
