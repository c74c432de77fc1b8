package proxy

import (
	"fmt"
	"unicode/utf8"
)

// policy is what a sandbox may ask the model for. Claude Code in the sandbox
// is told the same; this is for a sandbox that has been tampered with.
type policy struct {
	tools  map[string]bool
	models map[string]bool // empty: all
}

// asked is what the proxy needs to know of a request.
type asked struct {
	model string // one of the allowed, or "" where all are
	// lesson is set for what the tutor asks to teach. Claude Code also asks for
	// titles and summaries, without tools, and those may repeat a marker.
	lesson bool
}

func newPolicy(tools, models []string) policy {
	return policy{tools: setOf(tools), models: setOf(models)}
}

func setOf(words []string) map[string]bool {
	set := make(map[string]bool, len(words))
	for _, word := range words {
		set[word] = true
	}
	return set
}

// check reads the body of a request. What it does not look into, such as the
// schema of a tool, may hold anything that is JSON.
func (p policy) check(body []byte) (asked, *refusal) {
	if !utf8.Valid(body) {
		return asked{}, invalid(badJSON, "The body is not UTF-8: send JSON.")
	}
	r := request{scanner: newScanner(body), policy: p}
	r.object(r.member)
	r.end()
	switch {
	case r.refused != nil:
		return asked{}, r.refused
	case r.err != nil:
		return asked{}, invalid(badJSON, "The body is no JSON that can be taken: %s.", r.err)
	case len(p.models) > 0 && r.model == "":
		return asked{}, invalid(badModel, "The body names no model: name one that this lab allows.")
	}
	return asked{model: r.model, lesson: r.tools > 0}, nil
}

// request is a body that is being read.
type request struct {
	scanner
	policy
	model   string
	tools   int
	refused *refusal
}

// refuse ends the reading.
func (r *request) refuse(f *refusal) {
	if r.err == nil {
		r.refused = f
		r.fail("it is refused")
	}
}

// member reads one of the body's own.
func (r *request) member(key []byte) {
	switch string(key) {
	case "model":
		r.model = r.modelName()
	case "tools":
		r.orNull(func() { r.array(r.tool) })
	case "system":
		r.content()
	case "messages":
		r.array(r.message)
	case "fallbacks": // models that answer where the first one does not
		r.orNull(func() { r.array(r.fallback) })
	case "mcp_servers":
		r.orNull(func() {
			r.array(func() {
				r.refuse(forbidden(reachesOut, "MCP servers are not allowed in this lab: leave mcp_servers away."))
			})
		})
	case "container":
		r.orNull(func() {
			r.refuse(forbidden(reachesOut, "Containers and skills are not allowed in this lab: leave container away."))
		})
	default:
		r.skip()
	}
}

func (r *request) fallback() {
	r.object(func(key []byte) {
		if string(key) == "model" {
			r.modelName()
			return
		}
		r.skip()
	})
}

// orNull reads a value that may also be missing.
func (r *request) orNull(value func()) {
	if r.peek() == 'n' {
		r.skip()
		return
	}
	value()
}

func (r *request) modelName() string {
	name := r.text()
	if len(r.models) == 0 || r.err != nil {
		return ""
	}
	if !r.models[string(name)] {
		r.refuse(forbidden(badModel, "The model %s is not allowed in this lab.", quoted(name)))
		return ""
	}
	return string(name)
}

// tool reads one that the model shall be able to call. Only those that the
// client runs itself are plain; the others have a type, and the upstream runs
// them whatever their name is.
func (r *request) tool() {
	named := false
	r.object(func(key []byte) {
		switch string(key) {
		case "name":
			name := r.text()
			if named = r.policy.tools[string(name)]; !named {
				r.refuse(forbidden(badTool, "The tool %s is not allowed in this lab.", quoted(name)))
			}
		case "type":
			r.orNull(func() {
				if kind := r.text(); string(kind) != "custom" {
					r.refuse(forbidden(badTool, "Tools of the type %s are not allowed in this lab.", quoted(kind)))
				}
			})
		default:
			r.skip()
		}
	})
	if !named {
		r.refuse(forbidden(badTool, "A tool without a name is not allowed in this lab."))
	}
	r.tools++
}

func (r *request) message() {
	r.object(func(key []byte) {
		if string(key) == "content" {
			r.content()
			return
		}
		r.skip()
	})
}

// content reads a text, or blocks that may hold content themselves.
func (r *request) content() {
	switch r.peek() {
	case '[':
		r.array(r.block)
	case '{':
		r.block()
	default:
		r.skip()
	}
}

// block reads a piece of content. It may hold its data, but not name a place
// where the upstream would get it.
func (r *request) block() {
	r.object(func(key []byte) {
		switch string(key) {
		case "content":
			r.content()
		case "source":
			r.source()
		case "file_id":
			r.refuse(forbidden(reachesOut, "Files that lie at the API are not allowed in this lab: send what is in them."))
		default:
			r.skip()
		}
	})
}

func (r *request) source() {
	if r.peek() != '{' {
		r.skip() // that of a search result is a text
		return
	}
	r.object(func(key []byte) {
		switch string(key) {
		case "type":
			switch kind := r.text(); string(kind) {
			case "base64", "text", "content":
			default:
				r.refuse(forbidden(reachesOut, "A source of the type %s is not allowed in this lab: send what is in it.", quoted(kind)))
			}
		case "content":
			r.content()
		default:
			r.skip()
		}
	})
}

// quoted shows what stands in a body, within bounds.
func quoted(text []byte) string { return fmt.Sprintf("%.64q", text) }
