package config

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// parse puts the value that text means into k's field, and leaves the field
// alone when it means none. Lists are separated by commas.
func (k key) parse(text string) error {
	if err := oneLine(text); err != nil {
		return err
	}
	if len(k.oneOf) > 0 && !slices.Contains(k.oneOf, text) {
		return fmt.Errorf("%q is unknown; write %s", text, either(k.oneOf))
	}
	var err error
	switch field := k.field.(type) {
	case *string:
		*field = text
	case *int:
		err = put(field, text, parseInt)
	case *bool:
		err = put(field, text, parseBool)
	case *time.Duration:
		err = put(field, text, parseDuration)
	case *Bytes:
		err = put(field, text, ParseBytes)
	case *CPU:
		err = put(field, text, ParseCPU)
	case *Port:
		err = put(field, text, ParsePort)
	case *[]string:
		err = put(field, text, parseList)
	case *[]Source:
		err = put(field, text, parseSources)
	default:
		panic(fmt.Sprintf("config: %s has a type that no text can be", k.path))
	}
	return err
}

// put stores what text means, if it means something.
func put[T any](field *T, text string, parse func(string) (T, error)) error {
	value, err := parse(text)
	if err == nil {
		*field = value
	}
	return err
}

// text returns what parse reads back as the value in k's field.
func (k key) text() string {
	switch field := k.field.(type) {
	case *time.Duration:
		return DurationText(*field)
	case *[]string:
		return strings.Join(*field, ",")
	case *[]Source:
		var places []string
		for _, source := range *field {
			places = append(places, source.Path+source.URL)
		}
		return strings.Join(places, ",")
	case *string:
		return *field
	case *int:
		return strconv.Itoa(*field)
	case *bool:
		return strconv.FormatBool(*field)
	case *Bytes:
		return field.String()
	case *CPU:
		return string(*field)
	case *Port:
		return strconv.Itoa(int(*field))
	}
	panic(fmt.Sprintf("config: %s has a type without a text", k.path))
}

// kind returns the word for k's type in the list of flags.
func (k key) kind() string {
	switch k.field.(type) {
	case *int:
		return "int"
	case *bool:
		return "bool"
	case *time.Duration:
		return "duration"
	case *Bytes:
		return "size"
	case *CPU:
		return "cpu"
	case *Port:
		return "port"
	case *[]string, *[]Source:
		return "list"
	}
	return "string"
}

func parseInt(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if errors.Is(err, strconv.ErrRange) {
		return 0, fmt.Errorf("%s is too large", text)
	}
	// The second test refuses spellings that mean other numbers elsewhere: 010.
	if err != nil || strconv.Itoa(n) != text {
		return 0, fmt.Errorf("%q is no whole number; write it like 4", text)
	}
	return n, nil
}

func parseBool(text string) (bool, error) {
	if text != "true" && text != "false" {
		return false, fmt.Errorf("%q is neither true nor false", text)
	}
	return text == "true", nil
}

func parseDuration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("%q is no duration; write it like 30m or 1h30m", text)
	}
	return d, nil
}

// DurationText writes d without the zeros that time.Duration appends: 2h, not 2h0m0s.
func DurationText(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

func parseList(text string) ([]string, error) {
	if strings.TrimSpace(text) == "" {
		return []string{}, nil
	}
	items := strings.Split(text, ",")
	for i := range items {
		items[i] = strings.TrimSpace(items[i])
		if items[i] == "" {
			return nil, fmt.Errorf("%q has an empty item; write a list like a,b", text)
		}
	}
	return items, nil
}

// parseSources takes what looks like an address for an archive, and all else
// for a folder.
func parseSources(text string) ([]Source, error) {
	items, err := parseList(text)
	if err != nil {
		return nil, err
	}
	sources := make([]Source, len(items))
	for i, item := range items {
		if strings.Contains(item, "://") {
			sources[i].URL = item
		} else {
			sources[i].Path = item
		}
	}
	return sources, nil
}

// oneLine refuses text that no setting can be and no line of print can show.
func oneLine(text string) error {
	if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
		return fmt.Errorf("%q holds line breaks or other characters that cannot be printed; remove them", text)
	}
	return nil
}

// either joins words for a sentence: a, b or c.
func either(words []string) string {
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
