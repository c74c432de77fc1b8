package recording

import (
	"bytes"
	"encoding/json"
	"io"
	"time"
)

// end is where a recording goes on.
type end struct {
	sound  bool  // or it is no recording of ours, and is left alone
	size   int64 // of its whole lines
	begins int64 // the timestamp of its header
	last   time.Duration
	label  string // where the last event is a marker
}

const (
	// maxHeader and maxTail are more than a header and an event can take: of
	// output each byte is six at the most.
	maxHeader = 4 << 10
	maxTail   = 8 * maxOutput
)

// findEnd looks for the last event that is whole. A crash, or a disk that was
// full, may have left half of one behind it, and a power failure blocks of NUL.
func findEnd(file io.ReaderAt, length int64) (end, error) {
	first, err := read(file, 0, maxHeader)
	if err != nil {
		return end{}, err
	}
	line, _, whole := bytes.Cut(first, []byte("\n"))
	var h header
	if !whole || json.Unmarshal(line, &h) != nil || h.Version != 2 || h.Width < 1 || h.Height < 1 {
		return end{}, nil
	}
	e := end{sound: true, size: int64(len(line)) + 1, begins: h.Timestamp}
	from := max(e.size, length-maxTail)
	tail, err := read(file, from, maxTail)
	if err != nil {
		return end{}, err
	}
	for keep := bytes.LastIndexByte(tail, '\n') + 1; keep > 0; {
		begin := bytes.LastIndexByte(tail[:keep-1], '\n') + 1
		if at, label, ok := readEvent(tail[begin:keep]); ok {
			e.size, e.last, e.label = from+int64(keep), at, label
			return e, nil
		}
		keep = begin
	}
	// So many that nothing is known of the time: it is another's.
	e.sound = from == e.size
	return e, nil
}

func read(file io.ReaderAt, from, most int64) ([]byte, error) {
	return io.ReadAll(io.NewSectionReader(file, from, most))
}

// readEvent is the time of an event, and the label of one that is a marker.
func readEvent(line []byte) (at time.Duration, label string, ok bool) {
	var parts []json.RawMessage
	if json.Unmarshal(line, &parts) != nil || len(parts) != 3 {
		return 0, "", false
	}
	var seconds float64
	var what, data string
	if json.Unmarshal(parts[0], &seconds) != nil || json.Unmarshal(parts[1], &what) != nil || json.Unmarshal(parts[2], &data) != nil {
		return 0, "", false
	}
	const century = 100 * 365 * 24 * 60 * 60
	if seconds < 0 || seconds > century {
		return 0, "", false
	}
	if code(what) == marked {
		label = data
	}
	return time.Duration(seconds * float64(time.Second)), label, true
}
