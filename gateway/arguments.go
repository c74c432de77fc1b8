package gateway

import (
	"slices"
	"strings"
	"unicode"

	"github.com/anmitsu/go-shlex"
)

// inOwnWords are the commands that end with a text in somebody's own words, with
// how many words come before it.
var inOwnWords = map[string]int{"message": 2, "kill": 2, "door": 2}

// arguments splits a command line as a shell would, but for a text in somebody's
// own words, which is taken as it is: the shell at the other end has had its turn
// at the quotes already, and an apostrophe is one.
func arguments(line string) ([]string, error) {
	rest := strings.TrimSpace(line)
	name, _ := cutWord(rest)
	before, ends := inOwnWords[name]
	if !ends {
		return shlex.Split(line, true)
	}
	var args, flags []string
	for len(args) < before && rest != "" {
		var word string
		word, rest = cutWord(rest)
		if isFlag(word) {
			flags = append(flags, word)
			continue
		}
		args = append(args, word)
	}
	for { // a flag may also come last
		i := strings.LastIndexFunc(rest, unicode.IsSpace) + 1
		if word := rest[i:]; word == "" || !isFlag(word) {
			break
		}
		flags = append(flags, rest[i:])
		rest = strings.TrimSpace(rest[:i])
	}
	args = append(args, flags...)
	if rest != "" {
		args = append(args, "--", rest)
	}
	return args, nil
}

func cutWord(text string) (word, rest string) {
	if i := strings.IndexFunc(text, unicode.IsSpace); i >= 0 {
		return text[:i], strings.TrimSpace(text[i:])
	}
	return text, ""
}

func isFlag(word string) bool { return slices.Contains([]string{"--json", "--help", "-h"}, word) }
