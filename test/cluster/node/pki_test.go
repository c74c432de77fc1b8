package node

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
)

// A server and a client with certificates of the authority meet, and each
// learns who the other is.
func TestCertificates(t *testing.T) {
	ca, err := newAuthority(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	pair := func(who identity) tls.Certificate {
		certificate, key, err := ca.issue(who)
		if err != nil {
			t.Fatal(err)
		}
		pair, err := tls.X509KeyPair(certificate, key)
		if err != nil {
			t.Fatal(err)
		}
		return pair
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca.pem)

	callers := make(chan string, 1)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		subject := r.TLS.PeerCertificates[0].Subject
		callers <- subject.CommonName + " of " + subject.Organization[0]
	}))
	server.TLS = &tls.Config{
		Certificates: []tls.Certificate{pair(identity{user: "server", hosts: []string{"127.0.0.1"}})},
		ClientCAs:    roots, ClientAuth: tls.RequireAndVerifyClientCert,
	}
	server.StartTLS()
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		TLSClientConfig: &tls.Config{
			RootCAs:      roots,
			Certificates: []tls.Certificate{pair(identity{user: "admin", groups: []string{"system:masters"}})},
		},
	}}
	response, err := client.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if got := <-callers; got != "admin of system:masters" {
		t.Errorf("the server saw %q", got)
	}
}

func TestClientCertificateCannotServe(t *testing.T) {
	ca, err := newAuthority(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	certificate, key, err := ca.issue(identity{user: "admin"})
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca.pem)
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}); err == nil {
		t.Error("a client's certificate is good for a server")
	}
}

func TestKubeconfig(t *testing.T) {
	ca, err := newAuthority(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	text, err := ca.kubeconfig("lectern", identity{user: "admin"})
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		Clusters []struct {
			Cluster struct {
				Server    string
				Authority []byte `json:"certificate-authority-data"`
			}
		}
		Users []struct {
			User struct {
				Certificate []byte `json:"client-certificate-data"`
				Key         []byte `json:"client-key-data"`
			}
		}
	}
	if err := json.Unmarshal(text, &config); err != nil {
		t.Fatal(err)
	}
	if got, want := config.Clusters[0].Cluster.Server, "https://"+net.JoinHostPort(Address, "6443"); got != want {
		t.Errorf("server is %s, want %s", got, want)
	}
	user := config.Users[0].User
	if _, err := tls.X509KeyPair(user.Certificate, user.Key); err != nil {
		t.Errorf("the user's certificate and key: %v", err)
	}
	if string(config.Clusters[0].Cluster.Authority) != string(ca.pem) {
		t.Error("the authority is not the cluster's")
	}
}
