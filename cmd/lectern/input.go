package main

import (
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// input reads a file that was inherited, as standard input is: Close ends a Read
// of it that waits, which closing the file would not. What was not read stays
// with whoever shares the file.
type input struct {
	file         *os.File
	closed, open *os.File // a pipe that hangs up on Close
}

// newInput returns file as an input; release gives back what that takes, once
// nobody reads any more.
func newInput(file *os.File) (in *input, release func(), err error) {
	closed, open, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	return &input{file, closed, open}, func() {
		_ = open.Close()
		_ = closed.Close()
	}, nil
}

func (in *input) Read(p []byte) (int, error) {
	fds := []unix.PollFd{
		{Fd: int32(in.file.Fd()), Events: unix.POLLIN},
		{Fd: int32(in.closed.Fd()), Events: unix.POLLIN},
	}
	for {
		_, err := unix.Poll(fds, -1)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return 0, os.NewSyscallError("poll", err)
		case fds[1].Revents != 0:
			return 0, io.EOF
		}
		return in.file.Read(p)
	}
}

// Close may be called at any time, and again.
func (in *input) Close() error {
	if err := in.open.Close(); !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}
