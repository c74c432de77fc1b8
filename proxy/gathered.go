package proxy

import "net"

// gathered is a connection on which what is written in pieces can go in one. TLS
// writes each of its records alone, and each write costs a way through the kernel
// and wakes the other end.
//
// It belongs to one goroutine while it gathers.
type gathered struct {
	net.Conn
	gathering bool
	pieces    []byte
}

// gather holds back what is written until flush or drop.
func (g *gathered) gather() { g.gathering = true }

// Write is net.Conn's.
func (g *gathered) Write(p []byte) (int, error) {
	if !g.gathering {
		return g.Conn.Write(p)
	}
	g.pieces = append(g.pieces, p...)
	return len(p), nil
}

// flush writes what was held back.
func (g *gathered) flush() error {
	defer g.drop()
	_, err := g.Conn.Write(g.pieces)
	return err
}

// drop forgets it.
func (g *gathered) drop() { g.gathering, g.pieces = false, g.pieces[:0] }
