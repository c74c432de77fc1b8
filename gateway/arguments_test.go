package gateway

import (
	"slices"
	"testing"
)

func TestArguments(t *testing.T) {
	for line, want := range map[string][]string{
		`message all Don't panic`:            {"message", "all", "--", "Don't panic"},
		`message ada it's 5 o'clock --json`:  {"message", "ada", "--json", "--", "it's 5 o'clock"},
		`message --json ada say "hi"  there`: {"message", "ada", "--json", "--", `say "hi"  there`},
		`message ada`:                        {"message", "ada"},
		`message`:                            {"message"},
		`kill ada --json`:                    {"kill", "ada", "--json"},
		`kill ada -- it's over`:              {"kill", "ada", "--", "-- it's over"},
		` kill  ada  you're done `:           {"kill", "ada", "--", "you're done"},
		`door close It's closed`:             {"door", "close", "--", "It's closed"},
		`door`:                               {"door"},
		`door open --json`:                   {"door", "open", "--json"},
		`message ada $(id) 'x`:               {"message", "ada", "--", "$(id) 'x"},
		`grant ada 'two words' 1`:            {"grant", "ada", "two words", "1"},
		``:                                   nil,
	} {
		got, err := arguments(line)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q gives %q, %v, want %q", line, got, err, want)
		}
	}
	if _, err := arguments(`stages "two`); err == nil {
		t.Error("a quote that is not closed is read")
	}
}
