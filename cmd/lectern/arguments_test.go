package main

import (
	"cmp"
	"fmt"
	"io"
	"testing"

	"github.com/spf13/cobra"
)

// TestArguments goes through the commands themselves: one that counts its
// arguments in cobra's words would be seen here.
func TestArguments(t *testing.T) {
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"restore"}, "lectern restore needs to be told more: write lectern restore FILE|-"},
		{[]string{"restore", "a.db", "b.db"}, `lectern restore takes no more than ["a.db"]: leave "b.db" out, or quote what belongs together`},
		{[]string{"backup", "a.db", "b.db"}, `lectern backup takes no more than ["a.db"]: leave "b.db" out, or quote what belongs together`},
		{[]string{"course", "check"}, "lectern course check needs to be told more: write lectern course check PATH"},
		{[]string{"progress", "export", "ada"}, `lectern progress export takes no argument: leave "ada" out`},
		{[]string{"restore", "--check", "nofile.db"}, "there is no file nofile.db: name a backup that is there"},
		{[]string{"restore", "--data_dir", t.TempDir(), "nofile.db"}, "nothing was restored: there is no file nofile.db: name a backup that is there"},
		{[]string{"progress", "exprt"}, "lectern progress exprt is no command: did you mean export? lectern progress --help lists those that are"},
		{[]string{"nonsense"}, "lectern nonsense is no command: lectern --help lists those that are"},
		{[]string{"course"}, ""},
	} {
		if err := run(t, test.args...); fmt.Sprint(err) != cmp.Or(test.want, "<nil>") {
			t.Errorf("%q: the error is %v", test.args, err)
		}
	}
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		for _, below := range cmd.Commands() {
			walk(below)
		}
		const want = `takes no argument: leave "more" out`
		if cmd.Args == nil || cmd.Args(cmd, nil) != nil {
			return
		}
		if err := cmd.Args(cmd, []string{"more"}); err != nil && err.Error() != cmd.CommandPath()+" "+want {
			t.Errorf("%s says %v", cmd.CommandPath(), err)
		}
	}
	walk(root())
}

// run runs a command as main does.
func run(t *testing.T, args ...string) error {
	t.Helper()
	cmd := root()
	cmd.SetArgs(args)
	cmd.SetOut(io.Discard)
	cmd.SetErr(io.Discard)
	return cmd.ExecuteContext(t.Context())
}
