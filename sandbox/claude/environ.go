package claude

import (
	"path/filepath"
	"slices"
	"strings"
)

// The variables that lead Claude Code to the API proxy.
const (
	URLVariable = "ANTHROPIC_BASE_URL"
	// TokenVariable holds the session token. With ANTHROPIC_API_KEY in its place
	// Claude Code would ask the learner whether to use it.
	TokenVariable = "ANTHROPIC_AUTH_TOKEN"
)

// The variables that choose the model: that of the lesson, and the one for small
// questions aside.
const (
	modelVariable      = "ANTHROPIC_MODEL"
	smallModelVariable = "ANTHROPIC_DEFAULT_HAIKU_MODEL"
)

// Credential is the environment of a tutor that may ask with a session token: for
// the first of models to teach, and for the last in small matters. Where there are
// none, Claude Code chooses.
func Credential(token string, models []string) []string {
	environ := []string{TokenVariable + "=" + token}
	if len(models) > 0 {
		environ = append(environ, modelVariable+"="+models[0], smallModelVariable+"="+models[len(models)-1])
	}
	return environ
}

// passed is what of the sandbox's environment Claude Code gets. Nothing else of
// it gets in.
var passed = []string{"HOME", "USER", "LOGNAME", "LANG", "TZ", "TERM", "COLORTERM", URLVariable, TokenVariable, modelVariable, smallModelVariable}

// switches turn off what a sandbox has no use for (Claude Code 2.1, Environment
// variables).
var switches = []string{
	"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1", // telemetry, error reports, release notes
	"DISABLE_TELEMETRY=1",
	"DISABLE_ERROR_REPORTING=1",
	"DISABLE_AUTOUPDATER=1",
	"DISABLE_UPDATES=1",
	"DISABLE_INSTALLATION_CHECKS=1",          // it would miss ~/.local/bin/claude
	"CLAUDE_CODE_PROVIDER_MANAGED_BY_HOST=1", // no settings file leads to another API
	"ENABLE_TOOL_SEARCH=0",                   // it would send a fourth tool, to hold a place
	"CLAUDE_CODE_DISABLE_AGENT_VIEW=1",       // sessions without our arguments could be started there
	"CLAUDE_CODE_DISABLE_TERMINAL_TITLE=1",   // the title is for notices, and finding one asks the model
	"CLAUDE_CODE_DISABLE_FEEDBACK_SURVEY=1",
	"DISABLE_LOGIN_COMMAND=1",
	"DISABLE_LOGOUT_COMMAND=1",
	"DISABLE_UPGRADE_COMMAND=1",
	"DISABLE_EXTRA_USAGE_COMMAND=1",
	"DISABLE_INSTALL_GITHUB_APP_COMMAND=1",
	"DISABLE_FEEDBACK_COMMAND=1",
	"DISABLE_BUG_COMMAND=1",
	"DISABLE_COST_WARNINGS=1",
}

// cleanEnviron is the environment of Claude Code.
func cleanEnviron(environ []string, noShell string) ([]string, error) {
	var clean []string
	there := make(map[string]bool)
	for _, variable := range environ {
		name, value, _ := strings.Cut(variable, "=")
		if value != "" && (slices.Contains(passed, name) || strings.HasPrefix(name, "LC_")) {
			clean = append(clean, variable)
			there[name] = true
		}
	}
	if !there[URLVariable] || !there[TokenVariable] {
		return nil, errNoModel
	}
	return append(append(clean, switches...),
		// No program is to be found but the one that refuses; Claude Code looks for
		// editors and git by PATH.
		"PATH="+filepath.Dir(noShell),
		"SHELL="+noShell, "CLAUDE_CODE_SHELL="+noShell, "EDITOR="+noShell, "VISUAL="+noShell,
	), nil
}
