package kube

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/httpstream"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/remotecommand"

	"lectern/sandbox"
)

// link is a connection to the holder in a Pod: an exec of
// `lectern hold attach --pipe`, whose standard input and output are the
// holder's socket.
type link struct {
	net.Conn
	cancel context.CancelFunc
	done   chan struct{}
	stderr limited
	err    error // how the exec ended; valid once done is closed
}

// connect starts the exec. That it fails shows at the first use of the link.
func (b *Backend) connect(ctx context.Context, pod string) (*link, error) {
	executor, err := b.executor(pod, executable, "hold", "attach", "--pipe", "--socket", socket)
	if err != nil {
		return nil, err
	}
	ours, theirs := net.Pipe()
	// The link outlives the call that made it; Close ends it.
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	l := &link{Conn: ours, cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(l.done)
		defer cancel()
		l.err = executor.StreamWithContext(ctx, remotecommand.StreamOptions{Stdin: typing{theirs}, Stdout: draining{theirs}, Stderr: &l.stderr})
		_ = theirs.Close()
	}()
	return l, nil
}

// executor prepares the exec of a command, with all three of its streams.
func (b *Backend) executor(pod string, command ...string) (remotecommand.Executor, error) {
	request := b.client.CoreV1().RESTClient().Post().
		Resource("pods").Namespace(b.opts.Namespace).Name(pod).SubResource("exec").
		VersionedParams(&corev1.PodExecOptions{
			Container: container, Stdin: true, Stdout: true, Stderr: true, Command: command,
		}, scheme.ParameterCodec)
	overWebSocket, err := remotecommand.NewWebSocketExecutor(b.opts.Config, "GET", request.URL().String())
	if err != nil {
		return nil, fmt.Errorf("prepare the exec: %w", err)
	}
	overSPDY, err := remotecommand.NewSPDYExecutor(b.opts.Config, "POST", request.URL())
	if err != nil {
		return nil, fmt.Errorf("prepare the exec: %w", err)
	}
	executor, err := remotecommand.NewFallbackExecutor(overWebSocket, overSPDY, func(err error) bool {
		return httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)
	})
	if err != nil {
		return nil, fmt.Errorf("prepare the exec: %w", err)
	}
	return executor, nil
}

// closing is how long an exec may take to end by itself once its standard
// input has ended.
const closing = 2 * time.Second

// Close ends the exec and waits for its end.
func (l *link) Close() error {
	_ = l.Conn.Close()
	patience := time.NewTimer(closing)
	defer patience.Stop()
	select {
	case <-l.done:
	case <-patience.C:
		l.cancel()
		<-l.done
	}
	return nil
}

// draining takes output also when nobody wants it any more, so that the exec
// comes to its end.
type draining struct{ to io.Writer }

func (d draining) Write(p []byte) (int, error) {
	_, _ = d.to.Write(p)
	return len(p), nil
}

// typing ends like any input when the link is closed; to the exec's library all
// other ends are errors worth a log.
type typing struct{ from io.Reader }

func (t typing) Read(p []byte) (int, error) {
	n, err := t.from.Read(p)
	if err != nil {
		err = io.EOF
	}
	return n, err
}

// fault closes the link and tells why it failed, which the end of a stream
// alone does not.
func (l *link) fault(err error) error {
	over := false
	select {
	case <-l.done:
		over = true
	default:
	}
	_ = l.Close()
	switch {
	case !over:
		return err
	case apierrors.IsForbidden(l.err):
		return &sandbox.Unavailable{
			Reason: "The cluster does not let the gateway into the sandbox. Please tell your instructor.", Err: l.err,
		}
	}
	return errors.Join(err, l.err, l.stderr.err())
}

// limited keeps the beginning of what a command says on standard error.
type limited struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *limited) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	const most = 4 << 10
	l.text.Write(p[:min(len(p), max(0, most-l.text.Len()))])
	return len(p), nil
}

func (l *limited) err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if text := strings.TrimSpace(l.text.String()); text != "" {
		return errors.New(text)
	}
	return nil
}
