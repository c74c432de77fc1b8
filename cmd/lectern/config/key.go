package config

import (
	"reflect"
	"strings"
)

// variablePrefix begins the name of every variable that sets a key.
const variablePrefix = "LECTERN_"

// key is one field of the configuration as its users know it.
type key struct {
	path    string   // dotted, such as ssh.listen
	doc     string   // what it means, without a full stop
	oneOf   []string // the words it may be, or none
	section bool     // holds keys instead of a value
	secret  string   // variable that alone may set it, or ""
	field   any      // pointer to the field
}

// variable returns the name of the environment variable that sets k.
func (k key) variable() string {
	return variablePrefix + strings.ToUpper(strings.ReplaceAll(k.path, ".", "_"))
}

// flag returns the flag that sets k, as a user types it.
func (k key) flag() string { return "--" + k.path }

// name returns the last part of the path.
func (k key) name() string { return k.path[strings.LastIndex(k.path, ".")+1:] }

// depth returns the number of sections around k.
func (k key) depth() int { return strings.Count(k.path, ".") }

// walk lists every field of the struct behind pointer in the order of its
// declaration, a section before what is in it. It is the one place that
// reads the struct's tags.
func walk(pointer any, prefix string) []key {
	var found []key
	value := reflect.ValueOf(pointer).Elem()
	for i := range value.NumField() {
		tag := value.Type().Field(i).Tag
		k := key{
			path:    join(prefix, tag.Get("yaml")),
			doc:     tag.Get("doc"),
			oneOf:   strings.Fields(tag.Get("oneof")),
			section: value.Field(i).Kind() == reflect.Struct,
			secret:  tag.Get("env"),
			field:   value.Field(i).Addr().Interface(),
		}
		found = append(found, k)
		if k.section {
			found = append(found, walk(k.field, k.path)...)
		}
	}
	return found
}

// values lists the keys of c that hold a value which anyone may set and see.
func values(c *Config) []key {
	var found []key
	for _, k := range walk(c, "") {
		if !k.section && k.secret == "" {
			found = append(found, k)
		}
	}
	return found
}

func join(section, name string) string {
	if section == "" {
		return name
	}
	return section + "." + name
}
