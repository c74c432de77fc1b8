package doctor

import (
	"context"
	"fmt"

	"lectern/cmd/lectern/config"
	"lectern/sandbox/local"
)

// jail makes one, as a sandbox has it, and runs this program in it.
func (d *Doctor) jail(ctx context.Context) Finding {
	if d.Settings.Sandbox.Local.Isolation == config.IsolationNone {
		return bad("sandboxes are not isolated: a tutor can read and write what the gateway's user can", "set sandbox.local.isolation to bubblewrap")
	}
	if err := local.CanJail(ctx, d.Executable, d.Settings.DataDir); err != nil {
		return bad(err.Error(), "on Debian: apt install bubblewrap; where it is there and refused: sysctl -w kernel.unprivileged_userns_clone=1, or kernel.apparmor_restrict_unprivileged_userns=0 on Ubuntu")
	}
	return good("bubblewrap makes one")
}

// limits makes a control group and removes it again.
func (d *Doctor) limits(context.Context) Finding {
	l := d.Settings.Sandbox.Local
	if err := local.CanLimit(d.Settings.DataDir, int64(l.Memory), l.Processes); err != nil {
		return bad(fmt.Sprintf("this user may make no control groups, so nothing limits the memory of a sandbox: %v", err),
			"run the gateway as root on a machine of its own, and accept this anywhere else")
	}
	return good(fmt.Sprintf("control groups hold each sandbox to %s and %d processes", l.Memory, l.Processes))
}

// claudeCode looks for its program.
func (d *Doctor) claudeCode(context.Context) Finding {
	if claude, _, err := d.Teacher(); err != nil || !claude {
		return skipped("the built-in tutor teaches")
	}
	path, err := d.Claude()
	if err != nil {
		return bad(err.Error(), "make claude, and set sandbox.local.claude to bin/claude")
	}
	return good(path)
}
