package config

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// document applies a YAML file to a loader. The values are put into the fields
// by key.parse, as those of variables and flags are; YAML only says where they
// stand and of which type they are.
type document struct {
	*loader
	name string
}

// file applies the YAML file.
func (l *loader) file(name string, data []byte) {
	d := document{loader: l, name: name}
	tokens := lexer.Tokenize(strings.TrimPrefix(string(data), "\ufeff"))
	if t := tooDeep(tokens); t != nil {
		d.broken = true
		l.problems.add(origin{layer: fromFile, name: name, line: line(t)}, "", "the settings are nested too deeply; no key is that deep")
		return
	}
	// Duplicate keys are found below, where both lines are known.
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		d.syntax(err)
		return
	}
	var seen bool
	for _, part := range file.Docs {
		_, directive := part.Body.(*ast.DirectiveNode) // %YAML 1.2
		switch {
		case part.Body == nil || directive:
		case seen:
			l.problems.add(d.at(part.Body), "", "a second document begins here; put all settings into one")
			return
		default:
			seen = true
			d.mapping(part.Body, "", walk(&l.config, ""))
		}
	}
}

// maxNesting is more than any key needs. The parser's memory grows with the
// square of the nesting, so that a file of brackets would take all of it.
const maxNesting = 16

// tooDeep returns the token that opens one level too many, or nil. Levels made by
// indentation cost their writer so much space that the file's size bounds them.
func tooDeep(tokens token.Tokens) *token.Token {
	brackets, row := 0, 0
	for _, t := range tokens {
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			brackets++
		case token.SequenceEndType, token.MappingEndType:
			brackets--
		case token.SequenceEntryType, token.MappingKeyType, token.TagType, token.AnchorType:
			row++
		default:
			row = 0
		}
		if brackets+row > maxNesting {
			return t
		}
	}
	return nil
}

// syntax notes that the file is no YAML.
func (d document) syntax(err error) {
	d.broken = true
	from, message := origin{layer: fromFile, name: d.name}, err.Error()
	var located yaml.Error
	if errors.As(err, &located) {
		message = located.GetMessage()
		from.line = line(located.GetToken())
	}
	d.problems.add(from, "", "this is no YAML: %s", message)
}

// mapping applies the keys of one section, or of the whole file when path is "".
func (d document) mapping(node ast.Node, path string, keys []key) {
	mapping, ok := node.(ast.MapNode)
	if !ok {
		if _, empty := node.(*ast.NullNode); !empty {
			d.fail(path, d.at(node), "%s stands where a section with keys belongs", kindOf(node))
		}
		return
	}
	first := map[string]int{}
	for entry := mapping.MapRange(); entry.Next(); {
		from := d.at(entry.Key())
		name, ok := entry.Key().(*ast.StringNode)
		if !ok {
			d.problems.add(from, path, "%s stands where the name of a key belongs", kindOf(entry.Key()))
			continue
		}
		k, known := find(keys, join(path, name.Value))
		earlier, twice := first[name.Value]
		switch {
		case strings.Contains(name.Value, "."):
			d.problems.add(from, join(path, name.Value), "is no key; write the section and the key in it, not both joined by a dot")
		case !known:
			d.unknown(from, path, name.Value, keys)
		case twice:
			d.fail(k.path, from, "is written twice; the first is in line %d", earlier)
		case k.section:
			d.mapping(entry.Value(), k.path, keys)
		default:
			d.value(k, from, entry.Value())
		}
		if !twice {
			first[name.Value] = from.line
		}
	}
}

// find returns the key with a path; a secret is none to the file.
func find(keys []key, path string) (key, bool) {
	for _, k := range keys {
		if k.path == path && k.secret == "" {
			return k, true
		}
	}
	return key{}, false
}

func (d document) unknown(from origin, path, name string, keys []key) {
	var known []string
	for _, k := range keys {
		if k.secret == "" {
			known = append(known, k.path)
		}
	}
	full := join(path, name)
	d.problems.add(from, full, "unknown key; the nearest known key is %s", nearest(full, "."+name, known))
}

// value applies the value of one key.
func (d document) value(k key, from origin, node ast.Node) {
	switch field := k.field.(type) {
	case *[]string:
		items, ok := d.items(k, &from, node)
		if !ok {
			return
		}
		list := make([]string, len(items))
		for i, item := range items {
			d.scalar(key{path: itemPath(k.path, i), field: &list[i]}, from.item(i), item)
		}
		*field = list
	case *[]Source:
		items, ok := d.items(k, &from, node)
		if !ok {
			return
		}
		list := make([]Source, len(items))
		for i, item := range items {
			path := itemPath(k.path, i)
			if kind := kindOf(item); kind == "text" {
				d.fail(path, d.at(item), "%s stands where a section with keys belongs; write - path: and the folder, or - url: and the address", kind)
				continue
			}
			d.mapping(item, path, walk(&list[i], path))
		}
		*field = list
	default:
		d.scalar(k, from, node)
	}
}

// items returns the nodes of a list, and completes from with their lines.
func (d document) items(k key, from *origin, node ast.Node) ([]ast.Node, bool) {
	list, ok := node.(*ast.SequenceNode)
	if !ok {
		d.fail(k.path, *from, "%s stands where a list belongs; write it like [a, b]", kindOf(node))
		return nil, false
	}
	for _, item := range list.Values {
		from.items = append(from.items, d.at(item).line)
	}
	d.origins[k.path] = *from
	return list.Values, true
}

// scalar applies a value that is one word. What is text must be text in YAML
// too, and numbers numbers: a login 123 or a port "on" is a slip to tell of.
func (d document) scalar(k key, from origin, node ast.Node) {
	var text string
	switch node := node.(type) {
	case *ast.StringNode:
		text = node.Value
	case *ast.LiteralNode:
		text = node.Value.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		text = node.GetToken().Value
	case *ast.NullNode:
		d.fail(k.path, from, "has no value; write one or remove the key")
		return
	default:
		d.fail(k.path, from, "%s stands where a single value belongs", kindOf(node))
		return
	}
	_, isText := node.(*ast.StringNode)
	quoted := isText && quotedToken(node.GetToken())
	switch k.field.(type) {
	case *string:
		if _, isBlock := node.(*ast.LiteralNode); !isText && !isBlock {
			d.fail(k.path, from, "%s is %s, not text; put it in quotes", text, kindOf(node))
			return
		}
	case *int, *bool, *Port:
		if quoted {
			d.fail(k.path, from, "%q is text; remove the quotes", text)
			return
		}
	}
	d.set(k, text, from)
}

func quotedToken(t *token.Token) bool {
	return t.Type == token.SingleQuoteType || t.Type == token.DoubleQuoteType
}

// at returns where a node stands.
func (d document) at(node ast.Node) origin {
	return origin{layer: fromFile, name: d.name, line: line(node.GetToken())}
}

func line(t *token.Token) int {
	if t == nil || t.Position == nil {
		return 0
	}
	return t.Position.Line
}

func itemPath(list string, i int) string { return fmt.Sprintf("%s[%d]", list, i) }

// kindOf names what a node is, for the sentence that refuses it.
func kindOf(node ast.Node) string {
	switch node.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a section"
	case *ast.SequenceNode:
		return "a list"
	case *ast.StringNode, *ast.LiteralNode:
		return "text"
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return "a number"
	case *ast.BoolNode:
		return "a truth value"
	case *ast.NullNode:
		return "nothing"
	case *ast.AnchorNode, *ast.AliasNode, *ast.MergeKeyNode:
		return "an anchor or alias (not understood here)"
	case *ast.TagNode:
		return "a tag (not understood here)"
	case *ast.MappingKeyNode:
		return "a key with a question mark (not understood here)"
	}
	return "something not understood"
}
