package doctor

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"time"

	"lectern/cmd/lectern/tlsfiles"
)

// soon is how long before its end a certificate should be renewed by now. One of
// a short life has a third of that left then: whoever renews by a program does so
// at a third.
const soon = 14 * 24 * time.Hour

// certificate looks at that of the page as the gateway and browsers do.
func (d *Doctor) certificate(context.Context) Finding {
	page := d.Settings.Web
	switch {
	case !page.Enabled:
		return skipped("web.enabled is false")
	case page.TLS.Certificate == "":
		return skipped("web.tls is not set; an ingress may have one")
	}
	pair, err := tlsfiles.Read(page.TLS)
	var fault *tlsfiles.Fault
	switch {
	case errors.As(err, &fault):
		return bad(fault.What, fault.Mend+" ("+fault.Setting+")")
	case err != nil:
		return bad(err.Error(), "correct web.tls")
	}
	address, err := url.Parse(page.PublicURL)
	if err != nil {
		return bad(err.Error(), "correct web.public_url")
	}
	return judgeCertificate(d.now(), pair.Leaf, address.Hostname())
}

func judgeCertificate(now time.Time, c *x509.Certificate, host string) Finding {
	const renew = "renew it; a running gateway takes the new files by itself"
	until, left := c.NotAfter.UTC().Format(time.DateOnly), c.NotAfter.Sub(now)
	switch {
	case c.VerifyHostname(host) != nil:
		return bad(fmt.Sprintf("it is for %s, and browsers come to %s", names(c), host), "get one for that host, or correct web.public_url")
	case now.Before(c.NotBefore):
		return bad("it is not good before "+c.NotBefore.UTC().Format(time.DateTime)+" UTC", "wait, or correct the clock of this machine")
	case left <= 0:
		return bad("it has expired on "+until, renew)
	case left < min(soon, c.NotAfter.Sub(c.NotBefore)/3):
		return bad(fmt.Sprintf("it expires on %s, in %s", until, count(int(left/(24*time.Hour)), "day")), renew)
	}
	return good(fmt.Sprintf("for %s, until %s", host, until))
}

// names are the hosts that a certificate is for.
func names(c *x509.Certificate) string {
	hosts := c.DNSNames
	for _, ip := range c.IPAddresses {
		hosts = append(hosts, ip.String())
	}
	if len(hosts) == 0 {
		return "no host"
	}
	return list(hosts)
}
