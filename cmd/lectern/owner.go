package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"unicode"

	"charm.land/ssh"
	gossh "golang.org/x/crypto/ssh"

	"lectern/gateway/auth"
)

// owner is the person who runs a gateway for themselves.
type owner struct {
	keys     []auth.ExtraKey
	identity string // the key file to name in the ssh command, as a shell takes it; empty: ssh finds one
}

// findOwner collects the keys that their ssh will offer, or makes one.
func findOwner(ctx context.Context, dataDir string, log *slog.Logger) (owner, error) {
	var me owner
	login := "learner"
	if u, err := user.Current(); err == nil {
		login = auth.LocalLogin(u.Username)
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return me, fmt.Errorf("find your home folder: %w", err)
	}
	keys, err := auth.LocalKeys(ctx, home, os.Getenv("SSH_AUTH_SOCK"))
	if len(keys) > 0 && err != nil {
		log.Warn("some of your keys could not be read", "error", err)
	}
	if !me.nameOne(keys, home) {
		path, err := filepath.Abs(filepath.Join(dataDir, "learner_ed25519"))
		if err != nil {
			return me, err
		}
		key, err := auth.ThrowAwayKey(path)
		if err != nil {
			return me, err
		}
		me.identity = quoted(path)
		keys = append(keys, auth.LocalKey{Key: key, File: path})
	}
	for _, key := range keys {
		me.keys = append(me.keys, auth.ExtraKey{Login: login, Key: key.Key})
	}
	return me, nil
}

// admins are the owner, who looks after the gateway too.
func (o *owner) admins() []string {
	if len(o.keys) == 0 {
		return nil
	}
	return []string{o.keys[0].Login}
}

// nameOne chooses the key file for the ssh command, unless ssh offers one of
// the keys by itself. It tells whether any of them can be used at all.
func (o *owner) nameOne(keys []auth.LocalKey, home string) bool {
	for _, key := range keys {
		if key.Offered {
			o.identity = ""
			return true
		}
		if key.File != "" && o.identity == "" {
			o.identity = quoted(key.File)
			if below, err := filepath.Rel(home, key.File); err == nil {
				o.identity = "~/" + quoted(below)
			}
		}
	}
	return o.identity != ""
}

// quoted is a path as a shell takes it for one word.
func quoted(path string) string {
	plain := func(r rune) bool {
		return r == '/' || r == '.' || r == '_' || r == '-' || r == '+' || r == '@' || unicode.IsLetter(r) || unicode.IsDigit(r)
	}
	if strings.IndexFunc(path, func(r rune) bool { return !plain(r) }) < 0 {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}

// invite prints the lines that the owner has to type. A page that is empty is none.
func (o owner) invite(out io.Writer, login, admin string, addr net.Addr, page string, hostKeys []ssh.PublicKey) {
	host, port, _ := net.SplitHostPort(addr.String())
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() || ip.IsLoopback() {
		host = "localhost"
	}
	options := []string{"ssh", "-p", port}
	if o.identity != "" {
		options = append(options, "-i", o.identity, "-o", "IdentitiesOnly=yes")
	}
	command := strings.Join(options, " ") + " "
	_, _ = fmt.Fprintf(out, "\nLectern is ready. In another terminal, type:\n\n    %s\n\n", command+login+"@"+host)
	if page != "" {
		_, _ = fmt.Fprintf(out, "In a browser it is at %s; a link that signs you in there is printed by:\n\n    %s\n\n", page, command+login+"@"+host+" web")
	}
	_, _ = fmt.Fprintf(out, "You look after its sessions, your own and those of others, with:\n\n    %s\n\n", command+admin+"@"+host)
	for _, key := range hostKeys {
		_, _ = fmt.Fprintf(out, "The first time, ssh asks about this server's key. It is %s\n", gossh.FingerprintSHA256(key))
	}
	_, _ = fmt.Fprint(out, "Ctrl-C stops the gateway; sessions go on until it is back.\n\n")
}
