package gateway

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	gossh "golang.org/x/crypto/ssh"
	"golang.org/x/sys/unix"

	"lectern/gateway/auth"
	"lectern/web/api"
)

// pageDoor is the way in of the browser page: connections that are made inside
// this process, on which one signs in by a certificate for a login. The
// authority that signs those exists only here, is made anew with each gateway,
// and counts on no other connection. So the page has no power of its own: behind
// the door it is one more client, as the learner whom it stands for.
type pageDoor struct {
	authority gossh.Signer
	came      chan net.Conn
	closed    chan struct{}
	closing   sync.Once
}

func newPageDoor() (*pageDoor, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	authority, err := gossh.NewSignerFromKey(private)
	if err != nil {
		return nil, err
	}
	return &pageDoor{authority: authority, came: make(chan net.Conn), closed: make(chan struct{})}, nil
}

// Accept, Close and Addr make the door a net.Listener.
func (d *pageDoor) Accept() (net.Conn, error) {
	select {
	case conn := <-d.came:
		return conn, nil
	case <-d.closed:
		return nil, net.ErrClosed
	}
}

// Close lets nobody in any more.
func (d *pageDoor) Close() error {
	d.closing.Do(func() { close(d.closed) })
	return nil
}

// Addr is of no network.
func (d *pageDoor) Addr() net.Addr { return &net.UnixAddr{Name: "page", Net: "unix"} }

// pageConn is a connection of the page's, from the address of the browser.
type pageConn struct {
	net.Conn
	from     net.Addr
	follower follower // the page, which is told where this leads to
}

func (c *pageConn) RemoteAddr() net.Addr { return c.from }

// restarting is what the page is told of a gateway that stops.
const restarting = "The gateway is restarting. Try again in a moment."

// certificateLife is how long a certificate is good: it is used at once. What is
// before now allows for a clock that is set in between.
const certificateLife = time.Minute

// certFingerprint is the extension of a certificate that has the fingerprint of
// the key with which the one whom it stands for has signed in.
const certFingerprint = "fingerprint@lectern"

// Enter is api.Gateway's: a connection to this gateway's own SSH server for
// somebody who has signed in to the page.
func (s *Server) Enter(ctx context.Context, who auth.Identity, from net.Addr) (api.Entry, error) {
	var none api.Entry
	if err := s.connections.room(); err != nil {
		return none, err // in words, which those who are turned away behind the door cannot be told
	}
	if err := s.begins(); err != nil {
		return none, &api.Refused{Kind: api.Unavailable, Detail: err.Error()}
	}
	signer, err := s.pageDoor.issue(who)
	if err != nil {
		return none, fmt.Errorf("issue a certificate: %w", err)
	}
	ours, theirs, err := socketPair()
	if err != nil {
		return none, fmt.Errorf("connect to the gateway: %w", err)
	}
	news, stop := s.news.follow(who.Login)
	select {
	case s.pageDoor.came <- &pageConn{Conn: theirs, from: from, follower: news}:
	case <-s.pageDoor.closed:
		err = &api.Refused{Kind: api.Unavailable, Detail: restarting}
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		stop()
		return none, errors.Join(err, ours.Close(), theirs.Close())
	}
	return api.Entry{
		Conn: &followedConn{Conn: ours, stop: stop}, News: news,
		Config: &gossh.ClientConfig{
			User: who.Login, Auth: []gossh.AuthMethod{gossh.PublicKeys(signer)},
			HostKeyCallback: gossh.FixedHostKey(s.ssh.HostSigners[0].PublicKey()),
			Timeout:         s.HandshakeTimeout,
		},
	}, nil
}

// followedConn is the page's end of a connection. The news end with it.
type followedConn struct {
	net.Conn
	stop func()
}

func (c *followedConn) Close() error {
	c.stop()
	return c.Conn.Close()
}

// issue makes a key that nobody else ever has, and a certificate for it.
func (d *pageDoor) issue(who auth.Identity) (gossh.Signer, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	key, err := gossh.NewPublicKey(public)
	if err != nil {
		return nil, err
	}
	certificate := &gossh.Certificate{
		Key: key, CertType: gossh.UserCert, KeyId: "page", ValidPrincipals: []string{who.Login},
		ValidAfter:  uint64(time.Now().Add(-certificateLife).Unix()),
		ValidBefore: uint64(time.Now().Add(certificateLife).Unix()),
		Permissions: gossh.Permissions{Extensions: map[string]string{certFingerprint: who.Fingerprint}},
	}
	if err := certificate.SignCert(rand.Reader, d.authority); err != nil {
		return nil, err
	}
	signer, err := gossh.NewSignerFromKey(private)
	if err != nil {
		return nil, err
	}
	return gossh.NewCertSigner(certificate, signer)
}

var errNoCertificate = errors.New("certificates are not accepted here: use a key")

// identify says for whom a certificate was issued (PROTOCOL.certkeys of OpenSSH).
// The library has no proof yet that the client holds the key.
func (d *pageDoor) identify(user string, key gossh.PublicKey) (auth.Identity, error) {
	certificate, ok := key.(*gossh.Certificate)
	if !ok || certificate.CertType != gossh.UserCert {
		return auth.Identity{}, errNoCertificate
	}
	checker := gossh.CertChecker{IsUserAuthority: func(authority gossh.PublicKey) bool {
		return string(authority.Marshal()) == string(d.authority.PublicKey().Marshal())
	}}
	if !checker.IsUserAuthority(certificate.SignatureKey) {
		return auth.Identity{}, errNoCertificate
	}
	if err := checker.CheckCert(user, certificate); err != nil {
		return auth.Identity{}, err
	}
	return auth.Identity{Login: user, Via: auth.ViaPage, Fingerprint: certificate.Extensions[certFingerprint]}, nil
}

// socketPair is two ends of a connection that the kernel buffers: both sides of
// SSH speak first, which ends that wait for each other would not survive.
func socketPair() (ours, theirs net.Conn, err error) {
	ends, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	conns := [2]net.Conn{}
	for i, fd := range ends {
		file := os.NewFile(uintptr(fd), "page")
		conn, failed := net.FileConn(file) // has a descriptor of its own
		err = errors.Join(err, failed, file.Close())
		conns[i] = conn
	}
	if err != nil {
		for _, conn := range conns {
			if conn != nil {
				_ = conn.Close()
			}
		}
		return nil, nil, err
	}
	return conns[0], conns[1], nil
}
