package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os/exec"
	"path/filepath"

	"github.com/prometheus/client_golang/prometheus"

	"lectern/cmd/lectern/config"
	"lectern/proxy/report"
	"lectern/proxy/token"
	"lectern/sandbox"
	"lectern/sandbox/local"
)

// model is what this gateway needs so that sandboxes can ask a model.
type model struct {
	// sign is nil where the built-in tutor teaches.
	sign sandbox.Sign
	// program is Claude Code on this machine, where it runs here.
	program string
	// inside is nil where the proxy is a process of its own.
	inside *insideProxy
}

// newModel decides who teaches, and makes what that takes.
func newModel(c config.Config, registry *prometheus.Registry, log *slog.Logger) (model, error) {
	claude, err := withClaude(c, log)
	if err != nil || !claude {
		return model{}, err
	}
	signer, err := openSigner(c)
	if err != nil {
		return model{}, err
	}
	m := model{sign: signWith(signer)}
	if c.Sandbox.Backend == config.BackendKubernetes {
		return m, nil
	}
	if m.program, err = findClaude(c); err != nil {
		return model{}, err
	}
	m.inside, err = newInsideProxy(c, signer, registry, log)
	return m, err
}

// eventsHandler takes the reports of a proxy of its own.
func eventsHandler(c config.Events, gateway report.Gateway) (http.Handler, error) {
	if c.Listen == "" {
		return nil, nil
	}
	secret, err := readSecret(c.SecretFile)
	if err != nil {
		return nil, err
	}
	return report.Handler(secret, gateway), nil
}

// claudeProgram is how Claude Code is called where the settings do not say.
const claudeProgram = "claude"

// withClaude tells whether Claude Code teaches. Where the settings leave that
// open it does if it can, and log says why it cannot.
func withClaude(c config.Config, log *slog.Logger) (bool, error) {
	if c.Sandbox.Agent == config.AgentTutor {
		return false, nil
	}
	because := whyNotClaude(c)
	switch {
	case because == "":
		return true, nil
	case c.Sandbox.Agent == config.AgentClaude:
		return false, fmt.Errorf("sandbox.agent is %s, but %s; or set sandbox.agent to %s", config.AgentClaude, because, config.AgentTutor)
	}
	log.Info("the built-in tutor teaches, not Claude Code", "because", because)
	return false, nil
}

// whyNotClaude says what is missing for Claude Code, and what to do.
func whyNotClaude(c config.Config) string {
	if c.Sandbox.Backend == config.BackendKubernetes {
		if c.Proxy.Events.Listen == "" {
			return "the API proxy could not report to this gateway: set proxy.events.listen, as manifests/components/claude does"
		}
		// A key of the gateway's own making would have its public half nowhere.
		if c.Proxy.Tokens.PrivateKeyFile == "" {
			return "the API proxy would know none of this gateway's tokens: set proxy.session_tokens.private_key_file to the private half that lectern keys has made"
		}
		return ""
	}
	if c.Sandbox.Local.Isolation == config.IsolationNone {
		return "it could read whatever this user can: set sandbox.local.isolation to " + config.IsolationBubblewrap
	}
	if c.Proxy.APIKey == "" && c.Proxy.APIKeyFile == "" {
		return "there is no API key: set ANTHROPIC_API_KEY, or proxy.api_key_file"
	}
	if _, err := findClaude(c); err != nil {
		return err.Error()
	}
	return ""
}

func findClaude(c config.Config) (string, error) {
	name := c.Sandbox.Local.Claude
	if name == "" {
		name = claudeProgram
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("there is no program %s: set sandbox.local.claude to that of Claude Code, which make claude brings", name)
	}
	if path, err = filepath.Abs(path); err != nil {
		return "", err
	}
	return local.NativeProgram(path)
}

// openSigner is where session tokens come from.
func openSigner(c config.Config) (*token.Signer, error) {
	if file := c.Proxy.Tokens.PrivateKeyFile; file != "" {
		return token.ReadSigner(file)
	}
	return token.OpenSigner(filepath.Join(c.DataDir, "session_token_key.pem"))
}

// signWith makes session tokens as sandboxes ask for them.
func signWith(s *token.Signer) sandbox.Sign {
	return func(b sandbox.Bearer) (string, error) {
		return s.Sign(token.Claims{
			Login: b.Login, Session: b.Session, Pod: b.Name, Address: b.Address,
			Course: b.CourseID, Stage: b.Stage, Expires: b.Expires,
		})
	}
}

// toGateway brings a proxy's reports to a gateway that is made after it, since
// the gateway needs the sandboxes and those need the proxy.
type toGateway struct {
	made    chan struct{}
	gateway report.Gateway // once made is closed
}

func newToGateway() *toGateway { return &toGateway{made: make(chan struct{})} }

func (g *toGateway) is(gateway report.Gateway) {
	g.gateway = gateway
	close(g.made)
}

func (g *toGateway) wait(ctx context.Context) error {
	select {
	case <-g.made:
		return nil
	case <-ctx.Done():
		return errors.Join(errors.New("the gateway is not there yet"), ctx.Err())
	}
}

// Record waits for the gateway and tells it.
func (g *toGateway) Record(ctx context.Context, events []report.Event) error {
	if err := g.wait(ctx); err != nil {
		return err
	}
	return g.gateway.Record(ctx, events)
}

// ChargedToday waits for the gateway and asks it.
func (g *toGateway) ChargedToday(ctx context.Context, login string) (int64, error) {
	if err := g.wait(ctx); err != nil {
		return 0, err
	}
	return g.gateway.ChargedToday(ctx, login)
}

var _ report.Gateway = (*toGateway)(nil)
