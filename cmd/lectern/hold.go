package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"lectern/sandbox"
	"lectern/sandbox/hold"
)

func holdCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:    "hold",
		Short:  "Own a sandbox's terminal (runs inside sandboxes)",
		Hidden: true,
	}
	cmd.AddCommand(holdRunCommand(), holdAttachCommand())
	return cmd
}

func holdRunCommand() *cobra.Command {
	var (
		socket     string
		socketFD   int
		exitFile   string
		exitFD     int
		courseDir  string
		readyFD    int
		goFD       int
		life, idle time.Duration
		ownNotices bool
		forward    string
	)
	cmd := &cobra.Command{
		Use:   "run {--socket PATH | --socket-fd FD} {--exit-file PATH | --exit-fd FD} -- COMMAND [ARGUMENT...]",
		Short: "Run a tutor on a pseudo-terminal that others can join",
		Args:  arguments(1, many),
		RunE: func(cmd *cobra.Command, args []string) error {
			// What was inherited is for us alone, not for the tutor.
			if err := unix.CloseRange(3, ^uint(0)>>1, unix.CLOSE_RANGE_CLOEXEC); err != nil {
				return fmt.Errorf("keep inherited files to ourselves: %w", err)
			}
			// A hang-up of whoever started us is no reason to leave.
			signal.Ignore(syscall.SIGHUP)
			if goFD > 0 {
				if err := awaitGo(goFD); err != nil {
					return err
				}
			}
			listener, err := holderSocket(socket, socketFD)
			if err != nil {
				return err
			}
			if readyFD > 0 {
				ready := os.NewFile(uintptr(readyFD), "ready")
				_, err := io.WriteString(ready, "ready\n")
				if err := errors.Join(err, ready.Close()); err != nil {
					return fmt.Errorf("tell that the holder is ready: %w", err)
				}
			}
			dir, err := os.Getwd()
			if err != nil {
				return err
			}
			carry, err := openForward(cmd.Context(), forward)
			if err != nil {
				return err
			}
			exit, err := hold.Run(cmd.Context(), hold.Options{
				Listener: listener, Command: args, Environ: os.Environ(), Dir: dir,
				Life: life, Idle: idle, OwnNotices: ownNotices, Course: courseDir, Forward: carry,
				Log: slog.New(slog.NewTextHandler(os.Stderr, nil)),
			})
			if exitFD > 0 {
				left := os.NewFile(uintptr(exitFD), "exit")
				err = errors.Join(err, hold.WriteExit(left, exit), left.Close())
			} else {
				err = errors.Join(err, hold.LeaveExit(exitFile, socket, exit))
			}
			if err != nil {
				return err
			}
			if exit.Code != 0 {
				return exitStatus(exit.Code)
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&socket, "socket", "", "Unix socket on which terminals join")
	flags.IntVar(&socketFD, "socket-fd", 0, "descriptor of such a socket that listens already")
	flags.IntVar(&exitFD, "exit-fd", 0, "descriptor of a file for the same")
	flags.StringVar(&exitFile, "exit-file", "", "file in which to leave how the tutor ended")
	flags.StringVar(&courseDir, "course", "", "folder into which the course is delivered before the tutor may start; none: it is there")
	flags.IntVar(&readyFD, "ready-fd", 0, "descriptor that gets a line once the socket is there")
	flags.IntVar(&goFD, "go-fd", 0, "descriptor on which to wait for a byte before anything else; where none comes, leave")
	flags.DurationVar(&life, "life", 2*time.Hour, "end the tutor after this time")
	flags.DurationVar(&idle, "idle", 0, "end the tutor when nobody has typed for this time; 0 is never")
	flags.StringVar(&forward, "forward", "", "HOST:PORT=PATH: carry connections to a port in here to a Unix socket")
	flags.BoolVar(&ownNotices, "own-notices", false, "the tutor shows notices itself")
	cmd.MarkFlagsOneRequired("socket", "socket-fd")
	cmd.MarkFlagsMutuallyExclusive("socket", "socket-fd")
	cmd.MarkFlagsOneRequired("exit-file", "exit-fd")
	cmd.MarkFlagsMutuallyExclusive("exit-file", "exit-fd")
	return cmd
}

// openForward listens on the port that is to be forwarded; none gives nil.
func openForward(ctx context.Context, forward string) (*hold.Forward, error) {
	if forward == "" {
		return nil, nil
	}
	address, path, found := strings.Cut(forward, "=")
	if !found || path == "" {
		return nil, fmt.Errorf("--forward %q is not of the form HOST:PORT=PATH", forward)
	}
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen on the port to forward: %w", err)
	}
	return &hold.Forward{Listener: l, Socket: path}, nil
}

// awaitGo waits until whoever has started us knows what it has to about us. One
// that has gone before will not look after us, and no other would find us.
func awaitGo(fd int) error {
	file := os.NewFile(uintptr(fd), "go")
	defer func() { _ = file.Close() }()
	if _, err := io.ReadFull(file, make([]byte, 1)); err != nil {
		return fmt.Errorf("the gateway has left while it started this sandbox: %w", err)
	}
	return nil
}

// holderSocket is the socket that is ours to make, or was made for us where
// nothing in the sandbox can reach it.
func holderSocket(path string, fd int) (net.Listener, error) {
	if fd == 0 {
		return hold.Listen(path)
	}
	// Nor may the tutor reach into us and take it, or the file of the exit
	// (prctl(2), ptrace(2)).
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return nil, fmt.Errorf("keep inherited files to ourselves: %w", err)
	}
	file := os.NewFile(uintptr(fd), "socket")
	defer func() { _ = file.Close() }()
	l, err := net.FileListener(file)
	if err != nil {
		return nil, fmt.Errorf("take over the holder's socket: %w", err)
	}
	return l, nil
}

func holdAttachCommand() *cobra.Command {
	var (
		socket      string
		watch, pipe bool
	)
	cmd := &cobra.Command{
		Use:   "attach --socket PATH",
		Short: "Join this terminal to the tutor's",
		Long: `Join this terminal to the tutor's, until the tutor ends.

The exit status is the tutor's own. It is 75 when a newer terminal took over.
With --pipe, whoever is on standard input and output speaks to the holder
itself; that is how a gateway reaches it from outside.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if pipe {
				return pipeTo(cmd.Context(), socket, os.Stdin, os.Stdout)
			}
			mode := sandbox.Control
			if watch {
				mode = sandbox.Watch
			}
			return attach(cmd.Context(), socket, mode, os.Stdin, os.Stdout)
		},
	}
	cmd.Flags().StringVar(&socket, "socket", "", "Unix socket of the holder")
	cmd.Flags().BoolVar(&watch, "watch", false, "only look")
	cmd.Flags().BoolVar(&pipe, "pipe", false, "connect standard input and output with the holder's socket")
	cmd.MarkFlagsMutuallyExclusive("watch", "pipe")
	_ = cmd.MarkFlagRequired("socket")
	return cmd
}

// holderLimit is how long a sandbox's first process may take until it listens.
const holderLimit = 30 * time.Second

// pipeTo carries bytes between the holder and whoever started us, until either
// side ends.
func pipeTo(ctx context.Context, socket string, in io.Reader, out io.Writer) error {
	waiting, cancel := context.WithTimeout(ctx, holderLimit)
	defer cancel()
	conn, err := hold.DialOnceThere(waiting, socket)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	go func() {
		// A caller who has left ends the stay. Where the holder ends it, this
		// goroutine ends with the program, for nothing can end its Read.
		_, _ = io.Copy(conn, in)
		_ = conn.Close()
	}()
	_, err = io.Copy(out, conn)
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// tempFail is EX_TEMPFAIL of sysexits.h: the session goes on elsewhere.
const tempFail = exitStatus(75)

func attach(ctx context.Context, socket string, mode sandbox.AttachMode, stdin *os.File, stdout io.Writer) error {
	conn, err := hold.Dial(ctx, socket)
	if err != nil {
		return fmt.Errorf("no tutor is running here: %w", err)
	}
	typing, release, err := newInput(stdin)
	if err != nil {
		_ = conn.Close()
		return fmt.Errorf("read the terminal: %w", err)
	}
	defer release()
	t := sandbox.Terminal{In: typing, Out: stdout, Size: sandbox.Size{}.Clamp()}
	if term.IsTerminal(stdin.Fd()) {
		before, err := term.MakeRaw(stdin.Fd())
		if err != nil {
			return fmt.Errorf("put the terminal into raw mode: %w", err)
		}
		defer func() { _ = term.Restore(stdin.Fd(), before) }()
		sizes := make(chan sandbox.Size, 1)
		t.Resizes = sizes
		t.Size = ownSize(stdin)
		changed := make(chan os.Signal, 1)
		signal.Notify(changed, syscall.SIGWINCH)
		done, stopped := make(chan struct{}), make(chan struct{})
		defer func() {
			signal.Stop(changed)
			close(done)
			<-stopped
		}()
		go func() {
			defer close(stopped)
			for {
				select {
				case <-changed:
					select {
					case <-sizes: // only the newest counts
					default:
					}
					sizes <- ownSize(stdin)
				case <-done:
					return
				}
			}
		}()
	}
	exit, err := hold.Attach(ctx, conn, mode, t)
	if err != nil {
		return err
	}
	switch {
	case exit.Ending == sandbox.TakenOver:
		return tempFail
	case exit.Code != 0:
		return exitStatus(exit.Code)
	}
	return nil
}

func ownSize(stdin *os.File) sandbox.Size {
	cols, rows, err := term.GetSize(stdin.Fd())
	if err != nil {
		return sandbox.Size{}.Clamp()
	}
	return sandbox.Size{Cols: cols, Rows: rows}.Clamp()
}
