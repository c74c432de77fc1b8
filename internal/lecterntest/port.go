package lecterntest

import (
	"math/rand/v2"
	"net"
	"strconv"
	"sync/atomic"
)

// ports are given out one after the other, so that no two tests get the same.
// They are below those that Linux gives to clients (ip_local_port_range): one of
// them could be somebody's before the gateway listens.
var ports = func() *atomic.Int32 {
	var next atomic.Int32
	next.Store(20_000 + rand.Int32N(10_000))
	return &next
}()

// ReservePort gives a port of 127.0.0.1 that is free, or "" where there is none.
func ReservePort() string {
	for range 1000 {
		port := strconv.Itoa(int(ports.Add(1)))
		if l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", port)); err == nil {
			_ = l.Close()
			return port
		}
	}
	return ""
}
