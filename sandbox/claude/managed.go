package claude

import "embed"

// ManagedDir is where Claude Code looks for settings that nobody in the sandbox
// can change, and for the role that stands above every course's.
const ManagedDir = "/etc/claude-code"

// managed is what belongs there. The image copies the same files.
//
//go:embed managed
var managed embed.FS

// Managed gives the files of ManagedDir by their names.
func Managed() (map[string][]byte, error) {
	entries, err := managed.ReadDir("managed")
	if err != nil {
		return nil, err
	}
	files := make(map[string][]byte)
	for _, e := range entries {
		if files[e.Name()], err = managed.ReadFile("managed/" + e.Name()); err != nil {
			return nil, err
		}
	}
	return files, nil
}
