package auth

import (
	"fmt"
	"strings"
)

// longestLogin is GitHub's own limit.
const longestLogin = 39

// ParseLogin checks that name can be a GitHub login and gives it in lower
// case: up to 39 letters and digits of ASCII, with single hyphens or
// underscores between them as GitHub has them, so that it is safe in a path,
// in a label and on a terminal. The error is a sentence.
func ParseLogin(name string) (string, error) {
	if name == "" {
		return "", fmt.Errorf("the login is empty, give a GitHub login")
	}
	if len(name) > longestLogin {
		return "", fmt.Errorf("%.42q is too long for a GitHub login, which has at most %d characters", name, longestLogin)
	}
	for i := range len(name) {
		if isAlphanumeric(name[i]) {
			continue
		}
		inside := i > 0 && i < len(name)-1
		if !inside || name[i] != '-' && name[i] != '_' {
			return "", fmt.Errorf("%q is no GitHub login: only letters, digits and hyphens between them are allowed", name)
		}
	}
	return strings.ToLower(name), nil
}

// LocalLogin makes a login out of the name of a user of this machine, which
// may have other characters; where nothing is left of it, "learner".
func LocalLogin(user string) string {
	var login strings.Builder
	for i := range len(user) {
		switch {
		case login.Len() == longestLogin:
		case isAlphanumeric(user[i]):
			login.WriteByte(user[i])
		default:
			login.WriteByte('-')
		}
	}
	name := strings.ToLower(strings.Trim(login.String(), "-"))
	if name == "" {
		return "learner"
	}
	return name
}

func isAlphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
