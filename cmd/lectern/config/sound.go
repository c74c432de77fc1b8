package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

var (
	// loginText is what GitHub allows, with the underscore of managed accounts.
	loginText = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,38}$`)
	dnsLabel  = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	dnsName   = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$`)
	hostName  = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$`)
	imageText = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/:@-]*$`)
	wordText  = regexp.MustCompile(`^[^\s,]+$`)
	// selectorText and tolerationText follow the syntax of labels and taints
	// that kubectl has.
	selectorText   = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._/-]*[A-Za-z0-9])?=[A-Za-z0-9._-]*$`)
	tolerationText = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._/-]*[A-Za-z0-9])?(=[A-Za-z0-9._-]*)?(:(NoSchedule|PreferNoSchedule|NoExecute))?$`)
	toolText       = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*$`)
)

const loginRule = "use up to 39 letters, digits, hyphens and underscores"

// checkAddress says why text is no address to listen on, with an example of a
// port. Port 0, any free one, is allowed.
func checkAddress(text string, example int) error {
	host, port, err := net.SplitHostPort(text)
	if err == nil && host != "" && !hostName.MatchString(host) {
		_, err = netip.ParseAddr(host)
	}
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return fmt.Errorf("%q is no address to listen on; write it like :%d or 127.0.0.1:%[2]d", text, example)
	}
	return nil
}

// sameAddress tells whether two servers cannot listen on both.
func sameAddress(a, b string) bool {
	hostA, portA, errA := net.SplitHostPort(a)
	hostB, portB, errB := net.SplitHostPort(b)
	if errA != nil || errB != nil || portA != portB || portA == "0" {
		return false
	}
	return hostA == hostB || everyAddress(hostA) || everyAddress(hostB)
}

func everyAddress(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "" || err == nil && ip.IsUnspecified()
}

// checkSite says why text is no site of the web.
func checkSite(text string) error {
	_, err := parseURL(text, "https://example.org")
	return err
}

// checkArchive says why text is no archive to fetch courses from. What comes
// over plain http could be anybody's, except from this machine.
func checkArchive(text string) error {
	const example = "https://github.com/OWNER/REPO/archive/refs/heads/main.tar.gz"
	u, err := parseURL(text, example)
	if err != nil {
		return err
	}
	if u.Scheme != "https" && !loopback(u.Hostname()) {
		return fmt.Errorf("%q is not fetched over plain http; write https", text)
	}
	if !strings.HasSuffix(u.Path, ".tar.gz") && !strings.HasSuffix(u.Path, ".tgz") {
		return fmt.Errorf("%q is no .tar.gz or .tgz archive; write it like %s", text, example)
	}
	return nil
}

// parseURL reads an http or https address without a secret in it: settings are
// printed and logged.
func parseURL(text, example string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err == nil && u.User != nil:
		return nil, errors.New("holds a user name or password, which a setting must not; remove it")
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return nil, fmt.Errorf("%q is no address of the web; write it like %s", text, example)
	case strings.ContainsAny(text, "?#"):
		// What stands there may be a secret, such as the code of a one-time link.
		address := text[:strings.IndexAny(text, "?#")]
		return nil, fmt.Errorf("%q has a ? or # part behind it, which is not used here; remove it", address)
	}
	return u, nil
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
