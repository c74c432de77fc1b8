package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"

	"lectern/internal/unixsocket"
	"lectern/progress"
)

const (
	backupPath   = "/backup"
	progressPath = "/progress"

	// silence is how long a gateway may say nothing: it copies its database
	// before it answers.
	silence = 2 * time.Minute
)

// ErrNobody says that no gateway answers for a data folder.
var ErrNobody = errors.New("no gateway answers here")

// Backup writes the database of the gateway that has this data folder to w, as
// it is at one moment. The error wraps ErrNobody where there is no gateway;
// nothing was written then.
func Backup(ctx context.Context, dataDir string, w io.Writer) error {
	return get(ctx, dataDir, backupPath, func(body io.Reader) error {
		_, err := io.Copy(w, body)
		return err
	})
}

// Progress calls fn for every learner that the gateway of this data folder
// knows of, by login. The error wraps ErrNobody where there is no gateway; fn
// was not called then. An error of fn ends it.
func Progress(ctx context.Context, dataDir string, fn func(progress.Learner) error) error {
	return get(ctx, dataDir, progressPath, func(body io.Reader) error {
		for lines := json.NewDecoder(body); ; {
			var learner progress.Learner
			switch err := lines.Decode(&learner); {
			case errors.Is(err, io.EOF):
				return nil
			case err != nil:
				return err
			}
			if err := fn(learner); err != nil {
				return err
			}
		}
	})
}

func get(ctx context.Context, dataDir, path string, read func(body io.Reader) error) error {
	socket := socketIn(dataDir)
	way := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx, socket) }}
	defer way.CloseIdleConnections()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://gateway"+path, nil)
	if err != nil {
		return err
	}
	response, err := way.RoundTrip(request)
	if err != nil {
		return inWords(socket, noAnswer{err})
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		sentence, _ := io.ReadAll(io.LimitReader(response.Body, 4<<10))
		return fmt.Errorf("the gateway says: %s", strings.TrimSpace(string(sentence)))
	}
	return inWords(socket, read(response.Body))
}

// dial connects, or says that nobody is there.
func dial(ctx context.Context, socket string) (net.Conn, error) {
	conn, err := unixsocket.Dial(ctx, socket)
	switch {
	case err == nil:
		return listening{conn}, nil
	case errors.Is(err, syscall.ENOENT), errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ENOTDIR):
		return nil, fmt.Errorf("%w: %w", ErrNobody, err)
	}
	return nil, err
}

// listening is a connection on which something has to come now and then.
type listening struct{ net.Conn }

func (l listening) Read(p []byte) (int, error) {
	if err := l.SetReadDeadline(time.Now().Add(silence)); err != nil {
		return 0, err
	}
	return l.Conn.Read(p)
}

// noAnswer is an error before there was any.
type noAnswer struct{ error }

func (e noAnswer) Unwrap() error { return e.error }

// inWords says what to do about an error of the connection.
func inWords(socket string, err error) error {
	var (
		timeout net.Error
		none    noAnswer
	)
	switch {
	case err == nil || errors.Is(err, ErrNobody) || errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM):
		return fmt.Errorf("%s is for the gateway's user and for root; run this as one of them: %w", socket, err)
	case errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Errorf("the gateway has not answered on %s for %s; is it stuck?: %w", socket, silence, err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.As(err, &none):
		return fmt.Errorf("the gateway broke off before the end, its log may say why; try again: %w", err)
	}
	return err
}
