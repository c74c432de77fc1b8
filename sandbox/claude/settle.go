package claude

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// stateFile is where Claude Code keeps what it knows of its user, in the home.
const stateFile = ".claude.json"

// maxState is the longest state file that is looked at: Claude Code's own is a
// few kilobytes a course.
const maxState = 8 << 20

// settle answers beforehand what Claude Code would ask a newcomer: the first
// steps, whether the folder is to be trusted, and what it may include. What else a
// kept home says stays.
func settle(home *os.Root, dir string) error {
	state := readState(home)
	projects := object(state["projects"])
	project := object(projects[dir])
	for _, set := range []struct {
		in  map[string]json.RawMessage
		key string
		to  any
	}{
		{project, "hasTrustDialogAccepted", true},
		{project, "hasCompletedProjectOnboarding", true},
		// A course's CLAUDE.md leads to no file outside its folder, whatever was said
		// of that once; who has been asked is not asked again.
		{project, "hasClaudeMdExternalIncludesApproved", false},
		{project, "hasClaudeMdExternalIncludesWarningShown", true},
		{projects, dir, project},
		{state, "projects", projects},
		{state, "hasCompletedOnboarding", true},
	} {
		value, err := json.Marshal(set.to)
		if err != nil {
			return err
		}
		set.in[set.key] = value
	}
	data, err := json.MarshalIndent(state, "", "  ")
	if err != nil {
		return err
	}
	return replace(home, stateFile, data)
}

// messageSocket is where Claude Code may listen for other sessions, of which there
// are none here. It would complain that everybody may write to /tmp, which a
// cluster makes so for a Pod's group; and of a kept folder, to which a cluster
// gives the group rights too, that it is not private. So the folder is new.
func messageSocket(home *os.Root, at string) (string, error) {
	const dir = ".lectern/run"
	if err := makeDir(home, ".lectern"); err != nil {
		return "", err
	}
	if err := home.RemoveAll(dir); err != nil {
		return "", fmt.Errorf("clear away %s: %w", dir, err)
	}
	if err := makeDir(home, dir); err != nil {
		return "", err
	}
	return filepath.Join(at, dir, "messages.sock"), nil
}

// readState reads the state file; one that is broken counts as empty, as it does
// for Claude Code.
func readState(home *os.Root) map[string]json.RawMessage {
	data, err := readFile(home, stateFile)
	if err != nil {
		return object(nil)
	}
	return object(data)
}

// object reads a JSON object, and what is none as an empty one.
func object(data json.RawMessage) map[string]json.RawMessage {
	var fields map[string]json.RawMessage
	if json.Unmarshal(data, &fields) != nil || fields == nil {
		return make(map[string]json.RawMessage)
	}
	return fields
}

// readFile reads a file of the home, and nothing that only leads to one.
func readFile(home *os.Root, name string) ([]byte, error) {
	info, err := home.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxState {
		return nil, fmt.Errorf("%s is no file of ours", name)
	}
	file, err := home.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	return io.ReadAll(io.LimitReader(file, maxState))
}

// replace puts a file of the home in the place of whatever has its name.
func replace(home *os.Root, name string, data []byte) error {
	fresh := name + ".new"
	for _, old := range []string{fresh, name} {
		info, err := home.Lstat(old)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return err
		case old == name && info.Mode().IsRegular(): // renamed over below
			continue
		}
		if err := home.RemoveAll(old); err != nil {
			return fmt.Errorf("clear away %s: %w", old, err)
		}
	}
	if err := home.WriteFile(fresh, data, 0o600); err != nil {
		return err
	}
	return home.Rename(fresh, name)
}
