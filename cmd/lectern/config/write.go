package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// Write prints the settings as YAML that Load reads back as the same Config.
// Secrets are comments that only say whether they are set.
func (c Config) Write(w io.Writer) error {
	var out bytes.Buffer
	for _, k := range walk(&c, "") {
		indent := strings.Repeat("  ", k.depth())
		if k.depth() == 0 && out.Len() > 0 {
			out.WriteByte('\n')
		}
		if k.secret != "" {
			fmt.Fprintf(&out, "%s# %s in the environment: %s\n", indent, k.secret, k.field)
			continue
		}
		fmt.Fprintf(&out, "%s# %s\n%s%s:", indent, k.doc, indent, k.name())
		if !k.section {
			out.WriteString(k.yaml(indent + "  "))
		}
		out.WriteByte('\n')
	}
	if _, err := w.Write(out.Bytes()); err != nil {
		return fmt.Errorf("print the configuration: %w", err)
	}
	return nil
}

// yaml returns what stands behind the colon of k's line.
func (k key) yaml(indent string) string {
	switch field := k.field.(type) {
	case *string:
		return " " + quote(*field)
	case *[]string:
		items := make([]string, len(*field))
		for i, item := range *field {
			items[i] = quote(item)
		}
		return " [" + strings.Join(items, ", ") + "]"
	case *[]Source:
		if len(*field) == 0 {
			return " []"
		}
		var lines strings.Builder
		for _, source := range *field {
			if source.URL != "" {
				fmt.Fprintf(&lines, "\n%s- url: %s", indent, quote(source.URL))
			} else {
				fmt.Fprintf(&lines, "\n%s- path: %s", indent, quote(source.Path))
			}
		}
		return lines.String()
	}
	return " " + k.text()
}

var (
	plainText = regexp.MustCompile(`^[A-Za-z/][A-Za-z0-9_/.-]*$`)
	plainURL  = regexp.MustCompile(`^https?://[A-Za-z0-9_/.:-]*[A-Za-z0-9_/.-]$`)
	yamlWords = regexp.MustCompile(`(?i)^(true|false|yes|no|on|off|y|n|null|nan|inf)$`)
)

// quote returns text as YAML, in quotes unless it means itself without them.
func quote(text string) string {
	if (plainText.MatchString(text) || plainURL.MatchString(text)) && !yamlWords.MatchString(text) {
		return text
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	// A string always encodes, and what JSON quotes, YAML reads alike.
	_ = encoder.Encode(text)
	return strings.TrimSuffix(out.String(), "\n")
}
