package gateway

import (
	"context"
	"errors"

	"charm.land/ssh"
	gossh "golang.org/x/crypto/ssh"

	"lectern/gateway/auth"
)

// The names under which an identity travels in gossh.Permissions, which the
// SSH library hands on only for the key whose signature it has verified.
const (
	permLogin       = "lectern-login"
	permAdmin       = "lectern-admin"
	permVia         = "lectern-via"
	permFingerprint = "lectern-fingerprint"
)

// maxAuthTries is how many keys a client may offer: agents hold many, and a
// try is cheap.
const maxAuthTries = 20

// authenticate configures the sign-in of one connection. Public keys are the
// only way in; the keyboard-interactive method exists to tell a person why
// none of theirs was good, and never succeeds.
func (s *Server) authenticate(ctx ssh.Context) *gossh.ServerConfig {
	denied, told := s.Directory.NoKey(), false
	var last attempt
	tell := func() error {
		if told {
			return denied
		}
		told = true
		return &gossh.BannerError{Err: denied, Message: denied.Error() + "\r\n"}
	}
	return &gossh.ServerConfig{
		MaxAuthTries: maxAuthTries,
		PublicKeyCallback: func(conn gossh.ConnMetadata, key gossh.PublicKey) (*gossh.Permissions, error) {
			if connectionOf(ctx).fromPage() {
				who, err := s.pageDoor.identify(conn.User(), key)
				if err != nil {
					return nil, err
				}
				return permissionsOf(who), nil
			}
			from := auth.From(ctx, conn.RemoteAddr())
			who, err := s.identify(from, conn.User(), key)
			if err != nil {
				denied = err
				last = s.attemptWith(from, conn.User(), key, err)
				var reason *auth.Denied
				if errors.As(err, &reason) && hopeless(reason.Reason) {
					// No other key helps, so there is no need to wait for more.
					return nil, tell()
				}
				return nil, err
			}
			return permissionsOf(who), nil
		},
		VerifiedPublicKeyCallback: func(conn gossh.ConnMetadata, key gossh.PublicKey, p *gossh.Permissions, _ string) (*gossh.Permissions, error) {
			who, err := identityOf(p)
			if err != nil {
				return nil, err
			}
			if err := s.connections.claim(connectionOf(ctx), who.Login); err != nil {
				s.metrics.turnedAway.count(boundOf(err))
				denied, last = err, attempt{login: who.Login, key: who.Fingerprint, reason: tooManyConnections}
				return nil, tell()
			}
			if err := s.recordSignIn(conn, who); err != nil {
				denied, last = err, attempt{login: who.Login, key: who.Fingerprint, reason: noTrail}
				return nil, tell()
			}
			if err := s.Directory.Enrol(ctx, who, key); err != nil {
				s.log.Warn("could not enrol a key", "login", who.Login, "error", err)
			}
			connectionOf(ctx).signedIn(s.KeepAlive)
			s.metrics.signedIn.count(who.Via)
			s.log.Info("signed in", "login", who.Login, "as", conn.User(), "key", who.Fingerprint, "via", who.Via, "remote", conn.RemoteAddr())
			return p, nil
		},
		KeyboardInteractiveCallback: func(conn gossh.ConnMetadata, _ gossh.KeyboardInteractiveChallenge) (*gossh.Permissions, error) {
			s.log.Info("refused a sign-in", "as", clean(conn.User()), "remote", conn.RemoteAddr(), "reason", denied)
			return nil, tell()
		},
		AuthLogCallback: func(conn gossh.ConnMetadata, _ string, err error) {
			if err == nil {
				connectionOf(ctx).atEnd(nil)
				return
			}
			refused := last
			connectionOf(ctx).atEnd(func() { s.recordAttempt(conn, refused) })
		},
	}
}

var errNotLookedUp = errors.New("your key could not be looked up just now, try again in a minute")

// identify asks the directory. The library calls it for every key offered.
func (s *Server) identify(ctx context.Context, user string, key gossh.PublicKey) (auth.Identity, error) {
	who, err := s.Directory.Identify(ctx, user, key)
	var denied *auth.Denied
	if err != nil && !errors.As(err, &denied) {
		s.log.Error("could not identify a key", "as", clean(user), "error", err)
		return who, errNotLookedUp
	}
	return who, err
}

// hopeless tells whether the login itself is refused, whatever the key.
func hopeless(r auth.Reason) bool {
	switch r {
	case auth.LoginNotAllowed, auth.NoSuchAccount, auth.GitHubUnreachable, auth.BadLogin, auth.TryAgain:
		return true
	}
	return false
}

func permissionsOf(who auth.Identity) *gossh.Permissions {
	ext := map[string]string{permLogin: who.Login, permVia: string(who.Via), permFingerprint: who.Fingerprint}
	if who.Admin {
		ext[permAdmin] = "yes"
	}
	return &gossh.Permissions{Extensions: ext}
}

func identityOf(p *gossh.Permissions) (auth.Identity, error) {
	if p == nil || p.Extensions[permLogin] == "" {
		return auth.Identity{}, errors.New("not signed in")
	}
	return auth.Identity{
		Login: p.Extensions[permLogin], Admin: p.Extensions[permAdmin] != "",
		Via: auth.Via(p.Extensions[permVia]), Fingerprint: p.Extensions[permFingerprint],
	}, nil
}

// rejectChannel answers every channel but "session": port forwarding, both
// ways, and X11.
func rejectChannel(_ *ssh.Server, _ *gossh.ServerConn, c gossh.NewChannel, _ ssh.Context) {
	_ = c.Reject(gossh.Prohibited, "forwarding is refused here: this server runs tutors and reaches nothing else")
}
