// Package hold is the one process of every sandbox: it owns a pseudo-terminal,
// runs the tutor in it once, and lets terminals join and leave through a Unix
// socket, so that a dropped link or a new gateway finds the same tutor with
// the same screen.
//
// It knows the sandbox's words (sandbox, sandbox/event) and nothing of SSH,
// Kubernetes or bubblewrap.
package hold

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"

	"lectern/sandbox"
)

// A connection to the holder's socket starts with one JSON line, the hello,
// and goes on in frames both ways: one byte of type, four bytes of length
// (big endian), the payload.

// Hello is the first line that a client sends.
type Hello struct {
	// Mode is sandbox.Control or sandbox.Watch for a terminal, Supervise, or
	// Deliver.
	Mode sandbox.AttachMode `json:"mode"`
	Cols int                `json:"cols,omitempty"`
	Rows int                `json:"rows,omitempty"`
	// Epoch, Returning and Watcher are sandbox.Terminal's. The holder makes a plain
	// and short name of any Watcher.
	Epoch     int    `json:"epoch,omitempty"`
	Returning bool   `json:"returning,omitempty"`
	Watcher   string `json:"watcher,omitempty"`
	// Environ, of a Deliver, is for the tutor alone: what it must know that stands
	// nowhere in the sandbox's description, as its session token.
	Environ []string `json:"environ,omitempty"`
}

// Supervise is the mode of a gateway that looks after a sandbox without
// joining its terminal: it gets events and the exit, asks and commands.
const Supervise sandbox.AttachMode = "supervise"

// Deliver is the mode of a gateway that brings the course: a tar stream in data
// frames, an empty one at the end. The holder first sends a Status; where that
// tells of a course already, nothing follows, and the hello's Environ is not looked
// at: who came before has brought its own. Another Status is the answer, and then
// the connection starts anew with the next hello.
const Deliver sandbox.AttachMode = "deliver"

// maxHello bounds the hello line, maxFrame the payload of one frame.
const (
	maxHello = 8 << 10
	maxFrame = 64 << 10
)

type frameType byte

const (
	// Either way.
	frameData frameType = 'd' // terminal bytes
	// Columns and rows, two bytes each. To the holder: those of the terminal that
	// types. From it, to a watcher: those for which all data is drawn that follows;
	// the first frame of Watch.
	frameResize frameType = 'r'
	// To the holder.
	frameRequest frameType = 'q' // a Request
	// From the holder.
	frameJoined    frameType = 'j' // the terminal's epoch, eight bytes; the first frame of Control
	frameStatus    frameType = 's' // a Status: the answer to every Request
	frameNews      frameType = 'n' // a Status that has changed, unasked
	frameEvent     frameType = 'e' // an event.Message
	frameExit      frameType = 'x' // a sandbox.Exit; the last frame
	frameTakenOver frameType = 't' // a newer terminal has joined; the last frame
)

// Operation is what a supervisor asks for.
type Operation string

const (
	opStatus   Operation = "status"
	opStop     Operation = "stop"
	opReap     Operation = "reap"
	opExtend   Operation = "extend"
	opTell     Operation = "tell"
	opRecorded Operation = "recorded"
)

// Request is a supervisor's question or order. Each is answered with a Status,
// except opRecorded.
type Request struct {
	Operation Operation `json:"operation"`
	// Text is the reason of a stop, the line to tell, or the id of a recorded
	// event.
	Text string `json:"text,omitempty"`
	// Epoch is the one that opReap was decided on.
	Epoch int `json:"epoch,omitempty"`
	// Seconds is the new rest of life, for opExtend.
	Seconds int64 `json:"seconds,omitempty"`
}

var (
	errFrameTooLong = errors.New("frame is too long")
	errHelloTooLong = errors.New("the hello line is too long")
)

// writeFrame sends one frame in one Write, so that frames of two goroutines
// cannot mix on a stream that writes atomically.
func writeFrame(w io.Writer, t frameType, payload []byte) error {
	if len(payload) > maxFrame {
		return fmt.Errorf("write %d bytes: %w", len(payload), errFrameTooLong)
	}
	frame := make([]byte, 5+len(payload))
	frame[0] = byte(t)
	binary.BigEndian.PutUint32(frame[1:], uint32(len(payload)))
	copy(frame[5:], payload)
	_, err := w.Write(frame)
	return err
}

func writeJSON(w io.Writer, t frameType, v any) error {
	payload, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return writeFrame(w, t, payload)
}

// readFrame reads one frame into buf, which it grows as needed; the payload is
// valid until buf is used again.
func readFrame(r io.Reader, buf *[]byte) (frameType, []byte, error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	n := binary.BigEndian.Uint32(head[1:])
	if n > maxFrame {
		return 0, nil, fmt.Errorf("read %d bytes: %w", n, errFrameTooLong)
	}
	if cap(*buf) < int(n) {
		*buf = make([]byte, n)
	}
	payload := (*buf)[:n]
	if _, err := io.ReadFull(r, payload); err != nil {
		return 0, nil, fmt.Errorf("read a frame's payload: %w", err)
	}
	return frameType(head[0]), payload, nil
}

// readHello reads the first line byte by byte, because what follows it
// belongs to the frames.
func readHello(r io.Reader) (Hello, error) {
	var h Hello
	line := make([]byte, 0, 128)
	var b [1]byte
	for {
		if _, err := io.ReadFull(r, b[:]); err != nil {
			return h, err
		}
		if b[0] == '\n' {
			break
		}
		if line = append(line, b[0]); len(line) > maxHello {
			return h, errHelloTooLong
		}
	}
	if err := json.Unmarshal(line, &h); err != nil {
		return h, fmt.Errorf("read the hello line: %w", err)
	}
	switch h.Mode {
	case sandbox.Control, sandbox.Watch, Supervise, Deliver:
		return h, nil
	}
	return h, fmt.Errorf("unknown mode %q in the hello line", h.Mode)
}

func encodeSize(s sandbox.Size) []byte {
	s = s.Clamp()
	b := make([]byte, 4)
	binary.BigEndian.PutUint16(b, uint16(s.Cols))
	binary.BigEndian.PutUint16(b[2:], uint16(s.Rows))
	return b
}

func decodeSize(b []byte) (sandbox.Size, error) {
	if len(b) != 4 {
		return sandbox.Size{}, fmt.Errorf("a resize has 4 bytes, not %d", len(b))
	}
	s := sandbox.Size{Cols: int(binary.BigEndian.Uint16(b)), Rows: int(binary.BigEndian.Uint16(b[2:]))}
	return s.Clamp(), nil
}

func encodeEpoch(epoch int) []byte { return binary.BigEndian.AppendUint64(nil, uint64(epoch)) }

// decodeEpoch gives what a page may be told and come back with; ok is false where
// it is none: no sandbox lives for more joins than an int of any machine has.
func decodeEpoch(b []byte) (epoch int, ok bool) {
	if len(b) != 8 {
		return 0, false
	}
	n := binary.BigEndian.Uint64(b)
	if n < 1 || n > math.MaxInt32 {
		return 0, false
	}
	return int(n), true
}
