package proxy

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"unsafe"
)

// socket is a connection whose calls to the kernel the runtime is not told of. It
// need not be, since none of them waits: the descriptor does not block. Told of
// one that comes when nothing else is done, as most requests do, the runtime wakes
// its monitor (sysmon), which then competes with the request for the processor
// several times until the answer is there.
type socket struct {
	net.Conn
	raw syscall.RawConn
}

// overSocket makes a socket of conn where it is one of the kernel's.
func overSocket(conn net.Conn) net.Conn {
	if kernel, ok := conn.(syscall.Conn); ok {
		if raw, err := kernel.SyscallConn(); err == nil {
			return &socket{conn, raw}
		}
	}
	return conn
}

// Read is net.Conn's.
func (s *socket) Read(p []byte) (n int, err error) {
	if len(p) == 0 {
		return 0, nil
	}
	var failed syscall.Errno
	err = s.raw.Read(func(fd uintptr) bool {
		n, failed = unwaiting(syscall.SYS_READ, fd, p, 0)
		return failed != syscall.EAGAIN
	})
	if err = s.fault("read", err, failed); err == nil && n == 0 {
		err = io.EOF
	}
	return n, err
}

// Write is net.Conn's.
func (s *socket) Write(p []byte) (n int, err error) {
	var failed syscall.Errno
	err = s.raw.Write(func(fd uintptr) bool {
		for n < len(p) {
			var more int
			if more, failed = unwaiting(syscall.SYS_WRITE, fd, p[n:], 0); failed != 0 {
				return failed != syscall.EAGAIN
			}
			n += more
		}
		return true
	})
	return n, s.fault("write", err, failed)
}

// CloseWrite is what net/http looks for; see worded.
func (s *socket) CloseWrite() error { return closeWrite(s.Conn) }

// silent tells whether the other end has neither sent anything that was not read
// nor closed the connection.
func (s *socket) silent() bool {
	var one [1]byte
	var failed syscall.Errno
	err := s.raw.Read(func(fd uintptr) bool {
		_, failed = unwaiting(syscall.SYS_RECVFROM, fd, one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		return true
	})
	return err == nil && failed == syscall.EAGAIN
}

// unwaiting makes a call that does not wait.
func unwaiting(number, fd uintptr, p []byte, flags uintptr) (int, syscall.Errno) {
	for {
		n, _, failed := syscall.RawSyscall6(number, fd, uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), flags, 0, 0)
		switch failed {
		case 0:
			return int(n), 0
		case syscall.EINTR:
		default:
			return 0, failed
		}
	}
}

// fault gives an error the form that the net package gives it, by which net/http
// knows one that needs no answer.
func (s *socket) fault(op string, err error, failed syscall.Errno) error {
	var known *net.OpError
	switch {
	case errors.As(err, &known): // it was closed, or its time is over
		err = known.Err
	case err == nil && failed != 0:
		err = os.NewSyscallError(op, failed)
	}
	if err == nil {
		return nil
	}
	return &net.OpError{Op: op, Net: s.LocalAddr().Network(), Source: s.LocalAddr(), Addr: s.RemoteAddr(), Err: err}
}
