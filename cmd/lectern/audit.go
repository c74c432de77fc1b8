package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"lectern/cmd/lectern/config"
	"lectern/gateway/audit"
	"lectern/gateway/recording"
)

// trailDir is where the trail of a gateway is.
func trailDir(c config.Config) string {
	if c.Audit.Dir != "" {
		return c.Audit.Dir
	}
	return filepath.Join(c.DataDir, "audit")
}

func openTrail(c config.Config, log *slog.Logger) (*audit.Trail, error) {
	return audit.Open(audit.Options{Dir: trailDir(c), Keep: c.Audit.Keep, Log: log})
}

// openRecorder is nil where sessions are not to be recorded.
func openRecorder(c config.Config, log *slog.Logger) (*recording.Recorder, error) {
	if !c.Recording.Enabled {
		return nil, nil
	}
	dir := c.Recording.Dir
	if dir == "" {
		dir = filepath.Join(c.DataDir, "recordings")
	}
	return recording.Open(recording.Options{Dir: dir, MaxSize: int64(c.Recording.MaxSize), Keep: c.Recording.Keep, Log: log})
}

func auditCommand() *cobra.Command {
	var (
		file, since string
		kinds       []string
		wanted      wantedEvents
		asJSON      bool
		follow      bool
	)
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Show the audit trail: who came in, who was refused, what became of their sessions",
		Long: `Show the audit trail of the gateway on this machine, the oldest event first and
with times in UTC. Settings come from where those of lectern serve come from; the
trail is in audit.dir. It may be read while the gateway runs.

The exit status is 1 where a line of the trail is damaged; all the others are shown.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := config.Load(config.LoadOptions{
				File: file, Environ: os.Environ(), Allow: []string{"LECTERN_TEST_*"}, Flags: cmd.Flags(),
			})
			if err != nil {
				return err
			}
			if wanted.since, err = parseSince(since, time.Now()); err != nil {
				return err
			}
			if wanted.kinds, err = parseKinds(kinds); err != nil {
				return err
			}
			read := audit.Read
			if follow {
				read = func(dir string, since time.Time, each func(audit.Line) error) error {
					return audit.Follow(cmd.Context(), dir, since, each)
				}
			}
			return showTrail(cmd.Context(), trailDir(c), wanted, asJSON, read, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	config.RegisterFlags(cmd.Flags())
	cmd.Flags().StringVar(&file, "config", "", "YAML file with settings")
	cmd.Flags().StringVar(&since, "since", "", "show what is not older than a time, such as 24h, 22:19, 2026-11-25 or 2026-11-25T08:00:00Z")
	cmd.Flags().StringVar(&wanted.login, "login", "", "show what is about somebody, or done by them")
	cmd.Flags().StringVar(&wanted.session, "session", "", "show what is about a session, by the beginning of its id")
	cmd.Flags().StringSliceVar(&kinds, "kind", nil, "show events of these kinds, such as "+string(audit.Refused)+","+string(audit.Killed))
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the lines of the trail as they are, which are JSON")
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "go on with what comes, until Ctrl-C")
	return cmd
}

// reader gives the lines of a trail (audit.Read).
type reader func(dir string, since time.Time, each func(audit.Line) error) error

// wantedEvents says which events are shown: those that fit all that is set.
type wantedEvents struct {
	since          time.Time
	login, session string
	kinds          []audit.Kind // none: all
}

func (w wantedEvents) fit(e audit.Event) bool {
	return !e.Time.Before(w.since) &&
		(w.login == "" || e.Is(w.login)) &&
		strings.HasPrefix(e.Session, w.session) &&
		(len(w.kinds) == 0 || slices.Contains(w.kinds, e.Kind))
}

func parseKinds(names []string) (kinds []audit.Kind, err error) {
	known := audit.Kinds()
	for _, name := range names {
		kind := audit.Kind(strings.TrimSpace(name))
		if !slices.Contains(known, kind) {
			return nil, fmt.Errorf("--kind: %q is no kind of event; name some of %s", name, strings.Trim(fmt.Sprint(known), "[]"))
		}
		kinds = append(kinds, kind)
	}
	return kinds, nil
}

// parseSince reads a time in UTC, as the trail shows it, or how long ago that is;
// "" is the beginning. A time without a date is the last one that it was.
func parseSince(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	for _, layout := range []string{time.RFC3339, time.DateTime, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	for _, layout := range []string{"15:04", time.TimeOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return lastTime(t, now.UTC()), nil
		}
	}
	return time.Time{}, fmt.Errorf("--since: %q is no time; write how long ago, like 24h, or a time in UTC, like 22:19, 2026-11-25 or 2026-11-25T08:00:00Z", text)
}

// lastTime is when a clock showed this time of the day last.
func lastTime(clock, now time.Time) time.Time {
	today := time.Date(now.Year(), now.Month(), now.Day(), clock.Hour(), clock.Minute(), clock.Second(), 0, time.UTC)
	if today.After(now) {
		return today.AddDate(0, 0, -1)
	}
	return today
}

// showTrail prints the events that are wanted. A damaged line may be one of
// them, so it is told of whatever is wanted.
func showTrail(ctx context.Context, dir string, wanted wantedEvents, asJSON bool, read reader, out, complaints io.Writer) error {
	if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("there is no audit trail in %s: name the gateway's settings with --config, or its folder with --data_dir or --audit.dir", dir)
	}
	damaged := false
	err := read(dir, wanted.since, func(l audit.Line) (err error) {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case l.Err != nil:
			damaged = true
			_, err = fmt.Fprintf(complaints, "lectern: %s:%d: %v\n", l.File, l.Number, l.Err)
		case !wanted.fit(l.Event):
		case asJSON:
			_, err = fmt.Fprintf(out, "%s\n", l.Text)
		default:
			_, err = fmt.Fprintln(out, l.Event.Words())
		}
		return err
	})
	if errors.Is(err, context.Canceled) { // Ctrl-C: that is enough
		err = nil
	}
	if err == nil && damaged {
		return exitStatus(1)
	}
	return err
}
