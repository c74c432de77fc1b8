// Package token makes and checks session tokens: the credential with which a
// sandbox asks the API proxy. A token is a JWT (RFC 7519) signed with Ed25519
// (RFC 8037), so that the proxy, which only checks, holds nothing with which
// one could be made.
//
// It knows neither sandboxes nor HTTP.
package token

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	issuer   = "lectern-gateway"
	audience = "lectern-proxy"
)

// Claims is what a token says of the sandbox that may use it.
type Claims struct {
	Login   string
	Session string
	// Pod is the name of the sandbox.
	Pod string
	// Address is where requests must come from: an IP address, or the name of a
	// Unix socket as the proxy knows it.
	Address string
	Course  string
	Stage   int
	Expires time.Time
}

// wire is Claims as they stand in the token.
type wire struct {
	jwt.RegisteredClaims
	Session string `json:"sid"`
	Pod     string `json:"pod"`
	Address string `json:"addr"`
	Course  string `json:"course"`
	Stage   int    `json:"stage"`
}

// Validate refuses a token that leaves open whom or what it is for
// (jwt.ClaimsValidator).
func (w wire) Validate() error {
	if w.Subject == "" || w.Session == "" || w.Address == "" || w.Course == "" || w.Stage < 1 {
		return errors.New("the token does not say whom it is for")
	}
	return nil
}

// Signer makes tokens.
type Signer struct{ key ed25519.PrivateKey }

// Sign makes the token of a sandbox.
func (s *Signer) Sign(c Claims) (string, error) {
	if c.Expires.IsZero() {
		return "", errors.New("make a session token: it has no end")
	}
	w := wire{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: issuer, Audience: jwt.ClaimStrings{audience}, Subject: c.Login,
			IssuedAt: jwt.NewNumericDate(time.Now()), ExpiresAt: jwt.NewNumericDate(c.Expires),
		},
		Session: c.Session, Pod: c.Pod, Address: c.Address, Course: c.Course, Stage: c.Stage,
	}
	if err := w.Validate(); err != nil {
		return "", fmt.Errorf("make a session token: %w", err)
	}
	signed, err := jwt.NewWithClaims(jwt.SigningMethodEdDSA, w).SignedString(s.key)
	if err != nil {
		return "", fmt.Errorf("make a session token: %w", err)
	}
	return signed, nil
}

// Verifier gives the one that takes this Signer's tokens.
func (s *Signer) Verifier() *Verifier {
	return newVerifier(s.key.Public().(ed25519.PublicKey))
}

// Verifier checks tokens. It may be used from several goroutines.
type Verifier struct {
	keys   []ed25519.PublicKey
	parser *jwt.Parser
}

func newVerifier(keys ...ed25519.PublicKey) *Verifier {
	return &Verifier{keys: keys, parser: jwt.NewParser(
		// Nothing else, or a token could name its own way to be checked (RFC 8725).
		jwt.WithValidMethods([]string{jwt.SigningMethodEdDSA.Alg()}),
		jwt.WithIssuer(issuer), jwt.WithAudience(audience), jwt.WithExpirationRequired(), jwt.WithIssuedAt(),
		jwt.WithLeeway(leeway), jwt.WithStrictDecoding(),
	)}
}

// leeway is how far the clocks of gateway and proxy may be apart.
const leeway = 30 * time.Second

// maxLength of a token that is looked at.
const maxLength = 4 << 10

// The reasons for which a token is refused.
var (
	ErrExpired = errors.New("the session token has expired")
	ErrInvalid = errors.New("the session token is not valid")
	// ErrElsewhere is a token that belongs to another address.
	ErrElsewhere = errors.New("the session token belongs to another sandbox")
)

// Verify checks a token that came from address. The error wraps one of
// ErrExpired, ErrInvalid and ErrElsewhere, and does not contain the token.
func (v *Verifier) Verify(text, address string) (Claims, error) {
	if len(text) > maxLength {
		return Claims{}, ErrInvalid
	}
	var (
		w   wire
		err error
	)
	for _, key := range v.keys {
		w = wire{}
		_, err = v.parser.ParseWithClaims(text, &w, func(*jwt.Token) (any, error) { return key, nil })
		if !errors.Is(err, jwt.ErrTokenSignatureInvalid) {
			break
		}
	}
	switch {
	case errors.Is(err, jwt.ErrTokenExpired):
		return Claims{}, ErrExpired
	case err != nil:
		return Claims{}, ErrInvalid
	case w.Address != address:
		return Claims{}, ErrElsewhere
	}
	return Claims{
		Login: w.Subject, Session: w.Session, Pod: w.Pod, Address: w.Address,
		Course: w.Course, Stage: w.Stage, Expires: w.ExpiresAt.Time,
	}, nil
}
