package kube

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"time"

	corev1 "k8s.io/api/core/v1"

	"lectern/sandbox"
	"lectern/sandbox/claude"
)

// Model is what it takes to run Claude Code in Pods, whose image has it.
type Model struct {
	// URL is where Pods reach the API proxy. Pods look no names up, so the gateway
	// looks its host up for them.
	URL string
	// Names are the models that may be asked, the tutor's own first; none where
	// Claude Code chooses.
	Names []string
	// Sign makes the session token of a Pod, once its IP address is known.
	Sign sandbox.Sign
}

// Claude Code in the sandbox's image (sandbox/image).
var insideImage = claude.Place{
	Lectern: executable, Program: "/usr/local/bin/claude", NoShell: "/usr/local/lib/lectern/bash",
}

// lookupLimit is how long the API proxy's name may take to be looked up.
const lookupLimit = 5 * time.Second

// way is how a Pod gets to the API proxy; the zero one is to nowhere.
type way struct {
	url     string
	aliases []corev1.HostAlias
}

// wayToModel looks the API proxy up. It is done for each Pod, since a Service that
// is made anew gets another address.
func (b *Backend) wayToModel(ctx context.Context) (way, error) {
	if b.opts.Model == nil {
		return way{}, nil
	}
	w := way{url: b.opts.Model.URL}
	address, err := url.Parse(w.url)
	if err == nil && address.Hostname() == "" {
		err = fmt.Errorf("%q has no host", w.url)
	}
	if err != nil {
		return way{}, unreachable(err)
	}
	host := address.Hostname()
	if _, err := netip.ParseAddr(host); err == nil {
		return w, nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookupLimit)
	defer cancel()
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return way{}, unreachable(err)
	}
	w.aliases = []corev1.HostAlias{{IP: found[0].Unmap().String(), Hostnames: []string{host}}}
	return w, nil
}

func unreachable(err error) error {
	return &sandbox.Unavailable{
		Reason: "The tutor's way to its model cannot be found, so no sandbox can start. Please tell your instructor.",
		Err:    fmt.Errorf("look up the API proxy (proxy.url): %w", err),
	}
}

// credential is what a Pod's tutor gets in its environment when the course is
// delivered, and which no description of the Pod shows: its session token.
func (b *Backend) credential(pod *corev1.Pod) ([]string, error) {
	if b.opts.Model == nil {
		return nil, nil
	}
	address, err := netip.ParseAddr(pod.Status.PodIP)
	if err != nil {
		return nil, errors.New("the cluster says that the Pod is ready, and does not tell its IP address")
	}
	of := b.infoOf(pod) // which may have been made for another stage than was asked for now
	token, err := b.opts.Model.Sign(sandbox.Bearer{
		Login: of.Login, Session: of.Session, Name: pod.Name, Address: address.Unmap().String(),
		CourseID: of.CourseID, Stage: of.Stage,
		// As long as the cluster lets the Pod live (activeDeadlineSeconds), since a
		// tutor that runs cannot be handed another one.
		Expires: time.Now().Add(b.opts.Life + sandbox.Overtime),
	})
	if err != nil {
		return nil, fmt.Errorf("make the sandbox's session token: %w", err)
	}
	return claude.Credential(token, b.opts.Model.Names), nil
}
