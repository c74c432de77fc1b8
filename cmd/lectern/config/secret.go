package config

import (
	"fmt"
	"io"
	"log/slog"
)

// Secret is text that must not be shown. Printed, formatted, logged or
// marshalled it says only whether it is there.
type Secret string

// Reveal returns the text itself, for the one place that needs it.
func (s Secret) Reveal() string { return string(s) }

// String returns "(set)" or "(not set)".
func (s Secret) String() string {
	if s == "" {
		return "(not set)"
	}
	return "(set)"
}

// Format keeps all verbs of fmt, the unfitting ones too, from showing the text.
func (s Secret) Format(state fmt.State, _ rune) { io.WriteString(state, s.String()) }

// MarshalText keeps encoders from showing the text.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue keeps loggers from showing the text.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
