package doctor

import (
	"crypto/x509"
	"net"
	"path/filepath"
	"testing"
	"time"

	"lectern/internal/lecterntest"
)

func TestCertificate(t *testing.T) {
	d := visitor(t)
	says(t, d.certificate(t.Context()), Skipped, "web.tls is not set")
	dir := t.TempDir()
	d.Settings.Web.PublicURL = "https://lab.example.org:8443"
	d.Settings.Web.TLS.Certificate, d.Settings.Web.TLS.Key = "nosuch.pem", filepath.Join(dir, "key.pem")
	says(t, d.certificate(t.Context()), Bad, "nosuch.pem is not there", "bring the file there", "(web.tls.certificate)")
	d.Settings.Web.Enabled = false
	says(t, d.certificate(t.Context()), Skipped, "web.enabled is false")
	d.Settings.Web.Enabled = true

	const day = 24 * time.Hour
	d.Settings.Web.TLS.Certificate = filepath.Join(dir, "certificate.pem")
	d.now = func() time.Time { return time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC) }
	for _, test := range []struct {
		name      string
		hosts     []string
		ips       []net.IP
		age, life time.Duration
		state     State
		words     []string
	}{
		{"good", []string{"other.example.org", "lab.example.org"}, nil, 60 * day, 90 * day, Good, []string{"for lab.example.org, until 2026-12-26"}},
		{"for all hosts below", []string{"*.example.org"}, nil, day, 90 * day, Good, []string{"for lab.example.org"}},
		{"good for a fortnight", []string{"lab.example.org"}, nil, 76 * day, 90 * day, Good, nil},
		{"of a short life", []string{"lab.example.org"}, nil, 3 * day, 6 * day, Good, nil},
		{"expires", []string{"lab.example.org"}, nil, 77 * day, 90*day + time.Hour, Bad, []string{"it expires on 2026-12-09, in 13 days → renew it; a running gateway"}},
		{"expires after a short life", []string{"lab.example.org"}, nil, 5 * day, 6 * day, Bad, []string{"in 1 day "}},
		{"expired", []string{"lab.example.org"}, nil, 91 * day, 90 * day, Bad, []string{"has expired on 2026-11-25"}},
		{"not yet", []string{"lab.example.org"}, nil, -time.Hour, 90 * day, Bad, []string{"not good before 2026-11-26 13:00:00 UTC"}},
		{"for other hosts", []string{"example.org"}, []net.IP{{192, 0, 2, 7}}, day, 90 * day, Bad, []string{"it is for example.org, 192.0.2.7, and browsers come to lab.example.org", "web.public_url"}},
		{"for none", nil, nil, day, 90 * day, Bad, []string{"it is for no host"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			since := d.now().Add(-test.age)
			lecterntest.WriteCertificate(t, d.Settings.Web.TLS.Certificate, d.Settings.Web.TLS.Key, x509.Certificate{
				DNSNames: test.hosts, IPAddresses: test.ips, NotBefore: since, NotAfter: since.Add(test.life),
			})
			says(t, d.certificate(t.Context()), test.state, test.words...)
		})
	}
}
