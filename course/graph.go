package course

import (
	"strconv"
	"strings"
)

// graph holds the concepts that knowledge/graph.json describes, by id.
type graph map[string]Concept

// readGraph reads the nodes of a graph; its edges say nothing that a learner
// is shown.
func readGraph(root *value, n notes) graph {
	if root.kind != objectValue {
		n.warnf(root.line, `must be an object with "nodes", not %s`, root.kind)
		return nil
	}
	g := graph{}
	for i, node := range (fieldReader{root, "the graph", n}).list("nodes", Warning) {
		f := fieldReader{node, "node " + strconv.Itoa(i+1), n}
		if node.kind != objectValue {
			n.warnf(node.line, "%s must be an object, not %s", f.name, node.kind)
			continue
		}
		id := f.line("id", Warning)
		if id == "" {
			n.warnf(node.line, "%s has no id", f.name)
			continue
		}
		if _, twice := g[id]; twice {
			n.warnf(node.line, "the node %s appears twice; the first one counts", quote(id))
			continue
		}
		title := f.line("name", Warning)
		if title == "" {
			title = humanise(id)
		}
		g[id] = Concept{
			ID:       id,
			Title:    title,
			Body:     f.text("description", Warning),
			KeyIdeas: f.lines("key_ideas"),
			CodeRef:  joinLines(f.lines("code_refs")),
			PaperRef: joinLines(f.lines("paper_ref")),
		}
	}
	return g
}

// joinLines makes one line of several sources.
func joinLines(lines []string) string {
	return shorten(strings.Join(lines, "; "), maxLineRunes)
}
