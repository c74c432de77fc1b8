package config

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
)

// pageAddress is where browsers reach a page that listens there, unless somebody
// knows better; empty where nobody can know.
func pageAddress(listen string) string {
	host, port, _ := net.SplitHostPort(listen)
	if checkAddress(listen, 0) != nil || strings.Trim(port, "0") == "" {
		return ""
	}
	port = strings.TrimLeft(port, "0")
	if everyAddress(host) || host == "127.0.0.1" || host == "::1" {
		host = "localhost"
	}
	address := "http://" + net.JoinHostPort(host, port)
	if checkOrigin(address) != nil { // as with an address of one link (fe80::1%eth0)
		return ""
	}
	return address
}

// secure tells whether browsers reach an address by TLS.
func secure(address string) bool {
	scheme, _, _ := strings.Cut(address, ":")
	return strings.EqualFold(scheme, "https")
}

// checkOrigin says why text is no origin as browsers name it (RFC 6454): what is
// compared with theirs must be written alike. The / that they show behind it
// does not count.
func checkOrigin(text string) error {
	const example = "https://lab.example.org"
	u, err := parseURL(text, example)
	if err != nil {
		return err
	}
	if strings.TrimSuffix(u.Path, "/") != "" {
		return fmt.Errorf("%q has a path, which is not used here; write it like %s", text, example)
	}
	host := u.Hostname()
	if strings.ContainsFunc(host, func(r rune) bool { return r > unicode.MaxASCII }) {
		ascii, err := idna.Lookup.ToASCII(host)
		if err != nil {
			return fmt.Errorf("%q has a host that is no name; write it like %s", text, example)
		}
		return fmt.Errorf("%q has a host that browsers write as %s; write it so", text, ascii)
	}
	if _, port, found := strings.Cut(strings.TrimPrefix(u.Host, "["+host+"]"), ":"); found {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 || strconv.FormatUint(n, 10) != port {
			return fmt.Errorf("%q has no port that browsers can reach; write a number from 1 to 65535 behind the colon", text)
		}
	}
	return nil
}
