package kube

import "lectern/sandbox"

// Model is what it takes to run Claude Code in Pods, whose image has it.
type Model struct {
	// URL is where Pods reach the API proxy. Pods look no names up, so the gateway
	// looks its host up for them.
	URL string
	// Sign makes the session token of a Pod, once its IP address is known.
	Sign sandbox.Sign
}
