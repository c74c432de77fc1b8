package local

import "os"

// wires connect a gateway with the sandbox that it starts, until that is up.
// Each is a pipe, of which the sandbox's first process inherits one end.
type wires struct {
	ready, tellReady *os.File // the holder tells us that it listens
	info, tellInfo   *os.File // bubblewrap tells us its child's process id
	waitGo, sayGo    *os.File // they wait for us to set the limits and write the record
}

func newWires() (*wires, error) {
	w := &wires{}
	var err error
	if w.ready, w.tellReady, err = os.Pipe(); err == nil {
		if w.info, w.tellInfo, err = os.Pipe(); err == nil {
			w.waitGo, w.sayGo, err = os.Pipe()
		}
	}
	if err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

// begin lets the sandbox go on: bubblewrap reads one byte, the holder the next.
func (w *wires) begin() { _, _ = w.sayGo.Write([]byte("\n\n")) }

// handedOver closes the ends that the sandbox has inherited.
func (w *wires) handedOver() { shut(w.tellReady, w.tellInfo, w.waitGo) }

func (w *wires) close() {
	w.handedOver()
	shut(w.ready, w.info, w.sayGo)
}

func shut(files ...*os.File) {
	for _, f := range files {
		_ = f.Close() // nothing where there is none, or it is closed
	}
}
