package hold

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"lectern/sandbox"
)

func TestFrameRoundTrip(t *testing.T) {
	for _, n := range []int{0, 1, 100, maxFrame} {
		var wire bytes.Buffer
		payload := bytes.Repeat([]byte{7}, n)
		if err := writeFrame(&wire, frameData, payload); err != nil {
			t.Fatal(err)
		}
		var buf []byte
		kind, got, err := readFrame(&wire, &buf)
		if err != nil || kind != frameData || !bytes.Equal(got, payload) {
			t.Errorf("%d bytes came back as %d of type %q, %v", n, len(got), kind, err)
		}
	}
	if err := writeFrame(io.Discard, frameData, make([]byte, maxFrame+1)); !errors.Is(err, errFrameTooLong) {
		t.Errorf("an oversized frame: %v", err)
	}
	var buf []byte
	if _, _, err := readFrame(strings.NewReader("d\xff\xff\xff\xff"), &buf); !errors.Is(err, errFrameTooLong) {
		t.Errorf("an announced oversized frame: %v", err)
	}
}

func TestHello(t *testing.T) {
	rest := strings.NewReader("{\"mode\":\"watch\",\"cols\":80}\nframes follow")
	h, err := readHello(rest)
	if err != nil || h.Mode != sandbox.Watch || h.Cols != 80 {
		t.Errorf("hello %+v, %v", h, err)
	}
	if left, _ := io.ReadAll(rest); string(left) != "frames follow" {
		t.Errorf("the hello took some of what follows: %q left", left)
	}
	for _, bad := range []string{"", "{}\n", "{\"mode\":\"root\"}\n", "nonsense\n", strings.Repeat("x", 2*maxHello)} {
		if _, err := readHello(strings.NewReader(bad)); err == nil {
			t.Errorf("the hello %.20q was taken", bad)
		}
	}
}

func TestSizes(t *testing.T) {
	for _, c := range []struct{ in, want sandbox.Size }{
		{sandbox.Size{Cols: 80, Rows: 24}, sandbox.Size{Cols: 80, Rows: 24}},
		{sandbox.Size{}, sandbox.Size{Cols: 80, Rows: 24}},
		{sandbox.Size{Cols: 1, Rows: 1}, sandbox.Size{Cols: 1, Rows: 1}},
		{sandbox.Size{Cols: 10000, Rows: 10000}, sandbox.Size{Cols: sandbox.MaxCols, Rows: sandbox.MaxRows}},
	} {
		if got, err := decodeSize(encodeSize(c.in)); err != nil || got != c.want {
			t.Errorf("%v came back as %v, %v", c.in, got, err)
		}
	}
}

func FuzzReadFrame(f *testing.F) {
	f.Add([]byte("d\x00\x00\x00\x02hi"))
	f.Add([]byte("r\x00\x00\x00\x04\x00\x50\x00\x18"))
	f.Fuzz(func(t *testing.T, p []byte) {
		r := bytes.NewReader(p)
		var buf []byte
		for {
			kind, payload, err := readFrame(r, &buf)
			if err != nil {
				return
			}
			if kind == frameResize {
				if size, err := decodeSize(payload); err == nil && size != size.Clamp() {
					t.Errorf("size %v is out of bounds", size)
				}
			}
		}
	})
}

func FuzzHello(f *testing.F) {
	f.Add([]byte("{\"mode\":\"attach\",\"cols\":80,\"rows\":24}\n"))
	f.Fuzz(func(t *testing.T, p []byte) { _, _ = readHello(bytes.NewReader(p)) })
}
