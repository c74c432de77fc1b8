package claude

import (
	"slices"
	"testing"
)

func TestTheTutorAsksTheModelsThatItMay(t *testing.T) {
	v := newVisitor(t)
	for _, test := range []struct {
		models []string
		want   []string
	}{
		{nil, nil},
		{[]string{"one"}, []string{"ANTHROPIC_MODEL=one", "ANTHROPIC_DEFAULT_HAIKU_MODEL=one"}},
		{[]string{"large", "small"}, []string{"ANTHROPIC_MODEL=large", "ANTHROPIC_DEFAULT_HAIKU_MODEL=small"}},
	} {
		start, err := Prepare(v.place, v.lesson, append(Credential("token", test.models), proxied[:2]...))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(start.Environ, "ANTHROPIC_AUTH_TOKEN=token") {
			t.Errorf("it has no token: %q", start.Environ)
		}
		var got []string
		for _, variable := range start.Environ {
			if slices.Contains([]string{"ANTHROPIC_MODEL=", "ANTHROPIC_DEFAULT_HAIKU_MODEL="}, variable[:1+slices.Index([]byte(variable), '=')]) {
				got = append(got, variable)
			}
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("with %q it asks %q, want %q", test.models, got, test.want)
		}
	}
}
