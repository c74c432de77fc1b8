package gateway

import (
	"testing"

	"lectern/gateway/audit"
)

func TestHappened(t *testing.T) {
	for want, e := range map[string]audit.Event{
		"started from 192.0.2.7":                     {Kind: audit.SandboxMade, Remote: "192.0.2.7:50122"},
		"connected from 2001:db8::1":                 {Kind: audit.Attached, Remote: "2001:db8::1:22"},
		"disconnected":                               {Kind: audit.Detached},
		"stage 2 complete (quiz), 3 of 4 right":      {Kind: audit.Completed, Stage: 2, Evidence: "quiz", Detail: "3 of 4 right"},
		"ended: idle, nobody typed":                  {Kind: audit.SandboxEnded, Ending: "idle", Reason: "nobody typed"},
		"ended by grace":                             {Kind: audit.Killed, By: "grace", Remote: "192.0.2.7:1"},
		"extended by grace, ends in 2 hours":         {Kind: audit.Extended, By: "grace", Detail: "ends in 2 hours"},
		"refused by the API proxy, tool_not_allowed": {Kind: audit.ProxyRefused, Reason: "tool_not_allowed"},
		"signed in from 192.0.2.7":                   {Kind: audit.SignedIn, Remote: "192.0.2.7:1"},
	} {
		if got := happened(e); got != want {
			t.Errorf("%s is told as %q, want %q", e.Kind, got, want)
		}
	}
}
