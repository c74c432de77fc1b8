package node

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"
)

// check asks a component once whether it is ready.
type check func(ctx context.Context, api *client) error

// A component is asked this often, and given up after readyLimit.
const (
	askEvery   = 50 * time.Millisecond
	readyLimit = 2 * time.Minute
)

func listens(socket string) check {
	return func(ctx context.Context, _ *client) error {
		conn, err := new(net.Dialer).DialContext(ctx, "unix", socket)
		if err != nil {
			return err
		}
		return conn.Close()
	}
}

func answers(url string) check {
	return func(ctx context.Context, api *client) error {
		_, err := api.do(ctx, http.MethodGet, url, nil)
		return err
	}
}

func both(first, second check) check {
	return func(ctx context.Context, api *client) error {
		if err := first(ctx, api); err != nil {
			return err
		}
		return second(ctx, api)
	}
}

// apiReady also gives the policy controller its rights, which no role that
// Kubernetes comes with has.
func apiReady(ctx context.Context, api *client) error {
	if _, err := api.do(ctx, http.MethodGet, serverURL+"/readyz", nil); err != nil {
		return err
	}
	return grantPolicyController(ctx, api)
}

func nodeReady(name string) check {
	return func(ctx context.Context, api *client) error {
		body, err := api.do(ctx, http.MethodGet, serverURL+"/api/v1/nodes/"+name, nil)
		if err != nil {
			return err
		}
		var node struct {
			Status struct {
				Conditions []struct{ Type, Status, Message string }
			}
		}
		if err := json.Unmarshal(body, &node); err != nil {
			return fmt.Errorf("read the node: %w", err)
		}
		for _, condition := range node.Status.Conditions {
			if condition.Type == "Ready" {
				if condition.Status == "True" {
					return nil
				}
				return fmt.Errorf("the node is not Ready: %s", condition.Message)
			}
		}
		return errors.New("the node has not said yet whether it is Ready")
	}
}

// client speaks to the components as the cluster's administrator.
type client struct{ http *http.Client }

func newClient() (*client, error) {
	certificate, err := tls.LoadX509KeyPair(pkiDir+"/admin.crt", pkiDir+"/admin.key")
	if err != nil {
		return nil, fmt.Errorf("read the administrator's certificate: %w", err)
	}
	authority, err := os.ReadFile(pkiDir + "/ca.crt")
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	transport := &http.Transport{
		// Asked seldom, and a component may be replaced between two questions.
		DisableKeepAlives: true,
		TLSClientConfig:   &tls.Config{Certificates: []tls.Certificate{certificate}, RootCAs: roots},
	}
	return &client{&http.Client{Transport: transport, Timeout: 5 * time.Second}}, nil
}

func (c *client) do(ctx context.Context, method, url string, body []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if response.StatusCode/100 != 2 {
		return nil, &statusError{code: response.StatusCode, url: url, body: string(bytes.TrimSpace(answer))}
	}
	return answer, nil
}

type statusError struct {
	code      int
	url, body string
}

func (e *statusError) Error() string {
	return fmt.Sprintf("%s answered %d: %s", e.url, e.code, e.body)
}
