package hold

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"time"

	"lectern/course/tarball"
	"lectern/sandbox"
)

// parcel is what a course may cost a sandbox.
var parcel = tarball.Limits{Unpacked: 256 << 20, Entries: 20_000}

// deliveryLimit is how long a gateway that delivers may say nothing.
const deliveryLimit = 30 * time.Second

// deliver takes a course from a gateway, and what the tutor is to find in its
// environment. Of gateways that come at once the second finds the course of the
// first.
func (h *holder) deliver(conn net.Conn, environ []string) error {
	select {
	case h.courier <- struct{}{}:
	case <-h.ended:
		return sandbox.ErrGone
	}
	defer func() { <-h.courier }()
	status := h.status()
	if err := writeJSON(conn, frameStatus, status); err != nil || status.Delivered {
		return err
	}
	stream := &dataReader{conn: conn}
	if err := h.unpack(stream); err != nil {
		// The rest is read, so that the gateway comes to read the answer.
		_, _ = io.CopyN(io.Discard, stream, parcel.Unpacked)
		status.Fault = err.Error()
		return errors.Join(err, writeJSON(conn, frameStatus, status))
	}
	h.tutor.addEnviron(environ) // nobody starts it before delivered is set
	h.mu.Lock()
	h.delivered = true
	h.moved()
	h.mu.Unlock()
	return writeJSON(conn, frameStatus, h.status())
}

// unpack puts the course in its place, whole or not at all.
func (h *holder) unpack(from io.Reader) error {
	papers := filepath.Dir(h.opts.Course)
	if err := os.MkdirAll(papers, 0o755); err != nil {
		return fmt.Errorf("make the folder of the courses: %w", err)
	}
	fresh, err := os.MkdirTemp(papers, ".incoming-")
	if err != nil {
		return fmt.Errorf("make room for the course: %w", err)
	}
	defer func() { _ = os.RemoveAll(fresh) }()
	root, err := os.OpenRoot(fresh)
	if err != nil {
		return err
	}
	_, err = tarball.Unpack(context.Background(), root, from, parcel)
	if err := errors.Join(err, root.Close()); err != nil {
		return fmt.Errorf("unpack the course: %w", err)
	}
	// A home that is kept has the course from the time before.
	if err := os.RemoveAll(h.opts.Course); err != nil {
		return fmt.Errorf("clear away the former course: %w", err)
	}
	return os.Rename(fresh, h.opts.Course)
}

// dataReader reads the payloads of data frames up to the empty one.
type dataReader struct {
	conn net.Conn
	buf  []byte
	rest []byte
	over bool
}

func (r *dataReader) Read(p []byte) (int, error) {
	for len(r.rest) == 0 {
		if r.over {
			return 0, io.EOF
		}
		_ = r.conn.SetReadDeadline(time.Now().Add(deliveryLimit))
		kind, payload, err := readFrame(r.conn, &r.buf)
		switch {
		case errors.Is(err, io.EOF):
			return 0, io.ErrUnexpectedEOF
		case err != nil:
			return 0, err
		case kind != frameData:
			return 0, errors.New("a delivery has a frame that is no data")
		}
		r.rest, r.over = payload, len(payload) == 0
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// DeliverCourse brings the course in dir to a holder that has none yet, and with it
// what its tutor is to find in its environment, over conn, which can then be used
// for Attach or Oversee.
func DeliverCourse(ctx context.Context, conn net.Conn, dir string, environ ...string) error {
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	if err := sayHello(conn, Hello{Mode: Deliver, Environ: environ}); err != nil {
		return fmt.Errorf("reach the sandbox: %w", err)
	}
	status, err := readStatus(conn)
	if err != nil || status.Delivered {
		return err
	}
	packed := tarball.Pack(&dataWriter{conn}, dir)
	if packed == nil {
		packed = writeFrame(conn, frameData, nil)
	}
	// A holder that does not want it has said why.
	status, err = readStatus(conn)
	switch {
	case status.Fault != "":
		return fmt.Errorf("the sandbox did not take the course: %s", status.Fault)
	case packed != nil:
		return packed
	case err == nil && !status.Delivered:
		return errors.New("the sandbox lost the course")
	}
	return err
}

func readStatus(conn net.Conn) (Status, error) {
	var (
		status Status
		buf    []byte
	)
	kind, payload, err := readFrame(conn, &buf)
	switch {
	case err != nil:
		return status, fmt.Errorf("hear from the sandbox: %w", err)
	case kind != frameStatus:
		return status, errors.New("the sandbox answered something else than its status")
	}
	return status, json.Unmarshal(payload, &status)
}

// dataWriter writes data frames, none of them empty.
type dataWriter struct{ conn net.Conn }

func (w *dataWriter) Write(p []byte) (int, error) {
	for sent := 0; sent < len(p); {
		n := min(len(p)-sent, maxFrame)
		if err := writeFrame(w.conn, frameData, p[sent:sent+n]); err != nil {
			return sent, err
		}
		sent += n
	}
	return len(p), nil
}
