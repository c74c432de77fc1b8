package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"time"

	"github.com/charmbracelet/x/term"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"

	"lectern/cmd/lectern/config"
	"lectern/cmd/lectern/doctor"
	"lectern/proxy/report"
	"lectern/proxy/token"
	"lectern/sandbox"
	"lectern/sandbox/probe"
)

func doctorCommand() *cobra.Command {
	var (
		file, as, outside string
		asJSON            bool
	)
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Look everything over before anyone suffers",
		Long: `Look at the settings, at what the gateway keeps, at the machine or cluster of the
sandboxes and at the walls around them, and say what to do about what is wrong.
Settings come from where those of lectern serve come from. In a cluster it starts
two small Pods in sandboxes' places, and removes them again.

The exit status is 0 where nothing is wrong and 1 where something is.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := config.Load(config.LoadOptions{
				File: file, Environ: os.Environ(), Allow: []string{"LECTERN_TEST_*"}, Flags: cmd.Flags(),
				APIKey: true, // asked with where the gateway has the proxy in itself
			})
			if outside != "" {
				if _, _, err := net.SplitHostPort(outside); err != nil {
					return fmt.Errorf("--outside: %q is no address; write HOST:PORT", outside)
				}
			}
			return visit(cmd.Context(), doctorFor(c, err, as, outside), asJSON, cmd.OutOrStdout())
		},
	}
	config.RegisterFlags(cmd.Flags())
	cmd.Flags().StringVar(&file, "config", "", "YAML file with settings")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().StringVar(&as, "as", "", "look at the cluster as this account, such as system:serviceaccount:lectern:lectern-gateway")
	cmd.Flags().StringVar(&outside, "outside", "", "address, as HOST:PORT, that answers everybody and that no sandbox may reach; empty for the site of the keys")
	return cmd
}

// visit looks and prints. Rows for people come as they are found.
func visit(ctx context.Context, d *doctor.Doctor, asJSON bool, out io.Writer) error {
	var (
		rows    []doctor.Row
		err     error
		written error
	)
	if asJSON {
		rows, err = d.Visit(ctx, func(doctor.Row) {})
		written = doctor.WriteJSON(out, rows)
	} else {
		w := doctor.NewWriter(out, d.Names(), showsColours(out))
		rows, err = d.Visit(ctx, w.Write)
		written = w.Close(rows)
	}
	switch {
	case err != nil:
		return err
	case written != nil:
		return fmt.Errorf("print the findings: %w", written)
	case ctx.Err() != nil:
		return fmt.Errorf("interrupted; what was made is removed")
	case !doctor.Sound(rows):
		return exitStatus(1)
	}
	return nil
}

// showsColours tells whether out is a terminal whose user wants colours
// (no-color.org).
func showsColours(out io.Writer) bool {
	file, ok := out.(*os.File)
	return ok && term.IsTerminal(file.Fd()) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// doctorFor has the doctor see the settings as serve would go by them.
func doctorFor(c config.Config, settingsErr error, as, outside string) *doctor.Doctor {
	log := slog.New(slog.DiscardHandler)
	// What it has to say comes back as an error.
	klog.SetSlogLogger(log)
	executable, err := os.Executable()
	if err != nil {
		executable = os.Args[0]
	}
	o := doctor.Options{
		Settings: c, SettingsErr: settingsErr, Executable: executable, Outside: outside, Log: log,
		Claude:   func() (string, error) { return findClaude(c) },
		Snapshot: func(ctx context.Context) (string, func(), error) { return snapshot(ctx, c.DataDir) },
		AskModel: func(ctx context.Context, model string) (probe.Said, error) { return askInside(ctx, c, model, log) },
		Teacher: func() (claude bool, because string, err error) {
			if claude, err = withClaude(c, log); !claude && err == nil && c.Sandbox.Agent != config.AgentTutor {
				because = whyNotClaude(c)
			}
			return claude, because, err
		},
		Sign: func() (sandbox.Sign, error) {
			signer, err := token.ReadSigner(c.Proxy.Tokens.PrivateKeyFile)
			if err != nil {
				return nil, err
			}
			return signWith(signer), nil
		},
	}
	if settingsErr == nil && c.Sandbox.Backend == config.BackendKubernetes {
		var cluster *rest.Config
		if cluster, o.PodsErr = clusterConfig(c.Sandbox.Kubernetes.Kubeconfig); o.PodsErr == nil {
			o.Own = rest.CopyConfig(cluster)
			cluster.Impersonate.UserName = as
			o.Pods = podOptions(c, cluster)
			o.Pods.Log = log
			if claude, _, err := o.Teacher(); err == nil && claude {
				o.Pods.Model = kubeModel(c, nil)
			}
		}
	}
	return doctor.New(o)
}

// askInside puts a free question to the model's API as a sandbox of this machine
// would, through a proxy of its own.
func askInside(ctx context.Context, c config.Config, model string, log *slog.Logger) (said probe.Said, err error) {
	key, err := apiKey(c.Proxy)
	if err != nil {
		return said, err
	}
	if _, err := key.Key(); err != nil {
		return said, fmt.Errorf("the key of the model's API cannot be had, see proxy.api_key_file: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return said, fmt.Errorf("keep the memory of this process to itself: %w", err)
	}
	signer, err := token.NewSigner()
	if err != nil {
		return said, err
	}
	// Nobody is told of anything: a question that is free uses no tokens.
	gateway := newToGateway()
	server, err := proxyFor(c.Proxy, key, signer.Verifier(), gateway, report.NewQueue(gateway, log), prometheus.NewRegistry(), log)
	if err != nil {
		return said, err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return said, err
	}
	bearer, err := signWith(signer)(sandbox.Bearer{
		Login: "lectern doctor", Session: "doctor", Name: "doctor", Address: "127.0.0.1", CourseID: "doctor", Stage: 1,
		Expires: time.Now().Add(time.Minute),
	})
	if err != nil {
		_ = listener.Close()
		return said, err
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	said = probe.Asking{URL: "http://" + listener.Addr().String(), Token: bearer, Model: model}.Ask(ctx)
	err = server.Shutdown(ctx)
	_ = listener.Close()
	if failed := <-served; failed != nil {
		return said, failed
	}
	return said, err
}
