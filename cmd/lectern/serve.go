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

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"lectern/cmd/lectern/config"
	"lectern/course"
	"lectern/course/source"
	"lectern/gateway"
	"lectern/gateway/audit"
	"lectern/gateway/auth"
	"lectern/progress"
)

func serveCommand() *cobra.Command {
	var (
		file             string
		printConfig, own bool
	)
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the gateway",
		Long: `Run the gateway. Settings come from the defaults, the file of --config, the
environment (LECTERN_SSH_LISTEN for ssh.listen) and flags; the later wins.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := config.Load(config.LoadOptions{
				File: file, Environ: os.Environ(), Allow: []string{"LECTERN_TEST_*"}, Flags: cmd.Flags(),
				APIKey: true, // used where the proxy runs in here, and dropped elsewhere
			})
			if err != nil {
				return err
			}
			if printConfig {
				return c.Write(cmd.OutOrStdout())
			}
			return serve(cmd.Context(), c, own, cmd.OutOrStdout())
		},
	}
	config.RegisterFlags(cmd.Flags())
	cmd.Flags().StringVar(&file, "config", "", "YAML file with settings")
	cmd.Flags().BoolVar(&printConfig, "print-config", false, "print the settings in force, secrets masked, and exit")
	cmd.Flags().BoolVar(&own, "trust-me", false, "let in whoever runs this: the keys in ~/.ssh and the agent, or a new one, and print the ssh command")
	return cmd
}

func serve(ctx context.Context, c config.Config, own bool, out io.Writer) (err error) {
	log, err := newLogger(c.Log)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	if err := checkHostKey(c.SSH.HostKey, c.DataDir, log); err != nil {
		return err
	}
	catalogue, err := loadCourses(ctx, c, log)
	if err != nil {
		return err
	}
	var me owner
	if own {
		if me, err = findOwner(ctx, c.DataDir, log); err != nil {
			return err
		}
	}
	directory, err := auth.New(auth.Options{
		GitHubURL: c.Auth.GitHubURL, Users: c.Auth.Users, Admins: append(slices.Clone(c.Auth.Admins), me.admins()...),
		AuthorizedKeysFile: c.Auth.AuthorizedKeys, ExtraKeys: me.keys,
		SharedLogin: c.SSH.SharedLogin, AdminLogin: c.SSH.AdminLogin,
		CacheFor: c.Auth.CacheFor, StaleFor: c.Auth.StaleFor,
		CachePath: filepath.Join(c.DataDir, "keys.db"), Logger: log,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, directory.Close()) }()
	store, err := progress.Open(databaseIn(c.DataDir), log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	trail, err := openTrail(c, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, trail.Close()) }()
	recorder, err := openRecorder(c, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, recorder.Close()) }()
	registry := newRegistry()
	model, err := newModel(c, registry, log)
	if err != nil {
		return err
	}
	c.Proxy.APIKey = "" // whoever needs it has it
	backend, err := newBackend(ctx, c, model, log)
	if err != nil {
		return err
	}
	page, err := newPage(c, registry, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, page.close()) }()
	server, err := gateway.New(gateway.Options{
		HostKey: c.SSH.HostKey, SharedLogin: c.SSH.SharedLogin, AdminLogin: c.SSH.AdminLogin,
		HandshakeTimeout: c.SSH.HandshakeTimeout, KeepAlive: c.SSH.Keepalive,
		MaxConnections: c.SSH.MaxConnections, MaxConnectionsPerAddress: c.SSH.MaxConnectionsPerAddress,
		Directory: directory, Courses: catalogue, Unlock: course.Unlock(c.Courses.Unlock), Progress: store,
		Backend: backend, MaxSessions: c.Sandbox.MaxSessions, Grace: c.Sandbox.Grace, TokensPerDay: int64(c.Proxy.TokensPerDay),
		Desk: page.desk(), DoorFile: filepath.Join(c.DataDir, "door-closed.json"), Registry: registry,
		Audit: trail, RefuseUnaudited: c.Audit.OnFailure == config.AuditRefuse, Recorder: recorder, Log: log,
	})
	if err != nil {
		return err
	}
	events, err := eventsHandler(c.Proxy.Events, server)
	if err != nil {
		return err
	}
	open, err := listen(ctx, c)
	if err != nil {
		return err
	}
	model.inside.tell(server)
	answerCommands := openControl(c.DataDir, store, log)
	log.Info("listening", "address", open.ssh.Addr().String(), "courses", len(catalogue.All()), "version", versionText())
	if at := page.address(); at != "" {
		log.Info("the page for browsers is open", "url", at, "address", open.page.Addr().String())
	}
	_ = trail.Record(audit.Event{Kind: audit.Started, Detail: versionText()}) // it says by itself where it cannot
	defer func() { _ = trail.Record(audit.Event{Kind: audit.Stopped}) }()
	var farewellTo io.Writer
	if own {
		farewellTo = out
		me.invite(out, c.SSH.SharedLogin, c.SSH.AdminLogin, open.ssh.Addr(), page.address(), server.HostKeys())
	}
	err = serveAll(ctx,
		func(ctx context.Context) error { return server.Serve(ctx, open.ssh) },
		func(ctx context.Context) error {
			return serveHTTP(ctx, open.watch, withMetrics(server.Health(), registry), log)
		},
		func(ctx context.Context) error { return serveHTTP(ctx, open.events, events, log) },
		func(ctx context.Context) error { return page.serve(ctx, open.page, server) },
		model.inside.run,
		answerCommands,
	)
	if err == nil {
		sayStopped(ctx, backend, c.Sandbox, log, farewellTo)
	}
	return err
}

// serveAll runs servers until ctx ends or one of them fails, which ends all.
func serveAll(ctx context.Context, servers ...func(context.Context) error) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, serve := range servers {
		group.Go(func() error { return serve(ctx) })
	}
	return group.Wait()
}

func newLogger(c config.Log) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.Level)); err != nil {
		return nil, fmt.Errorf("read log.level: %w", err)
	}
	options := &slog.HandlerOptions{Level: level}
	if c.Format == config.LogJSON {
		return slog.New(slog.NewJSONHandler(os.Stderr, options)), nil
	}
	return slog.New(slog.NewTextHandler(os.Stderr, options)), nil
}

// loadCourses reads every source. A course with faults is left out and said
// so; a gateway without any course has nothing to do.
func loadCourses(ctx context.Context, c config.Config, log *slog.Logger) (*course.Catalogue, error) {
	var (
		courses []course.Course
		seen    = make(map[string]bool)
	)
	for _, from := range c.Courses.Sources {
		opened, err := source.Open(ctx, source.Spec{Path: from.Path, URL: from.URL}, source.Options{
			CacheDir: filepath.Join(c.DataDir, "courses"),
		})
		if err != nil {
			return nil, err
		}
		for _, warning := range opened.Warnings {
			log.Warn("course source", "source", from.Path+from.URL, "warning", warning)
		}
		report, err := course.Scan(opened.Dir)
		if err != nil {
			return nil, err
		}
		for _, r := range report.Courses {
			for _, p := range r.Problems {
				log.Warn("course", "course", r.Course.ID, "problem", p.String())
			}
			if !r.Usable() {
				log.Warn("left out a course that has errors; mend them and start again", "course", r.Course.ID, "dir", r.Course.Dir)
			}
		}
		for _, usable := range report.Usable() {
			if seen[usable.ID] {
				log.Warn("left out a course whose id another source has", "course", usable.ID, "dir", usable.Dir)
				continue
			}
			seen[usable.ID] = true
			courses = append(courses, usable)
		}
	}
	if len(courses) == 0 {
		return nil, errors.New("there is no course to teach: look at courses.sources, and at what lectern course check says of them")
	}
	return course.NewCatalogue(courses), nil
}
