package recording

import (
	"strings"
	"unicode/utf8"
)

// decoder makes text of output, which may be cut anywhere. What is no UTF-8
// becomes U+FFFD, one for each piece that begins like a character (Unicode 3.9,
// "substitution of maximal subparts"), which is what asciinema does.
type decoder struct{ begun []byte } // the beginning of a character

// text is what is complete by now.
func (d *decoder) text(p []byte) string {
	if len(d.begun) > 0 {
		p = append(d.begun, p...)
		d.begun = nil
	}
	if utf8.Valid(p) {
		return string(p)
	}
	var out strings.Builder
	out.Grow(len(p))
	for len(p) > 0 {
		r, n := utf8.DecodeRune(p)
		if r == utf8.RuneError && n == 1 {
			if !utf8.FullRune(p) {
				d.begun = append([]byte(nil), p...)
				break
			}
			n = subpart(p)
		}
		out.WriteRune(r)
		p = p[n:]
	}
	return out.String()
}

// rest is what is left where nothing follows.
func (d *decoder) rest() string {
	if len(d.begun) == 0 {
		return ""
	}
	d.begun = nil
	return string(utf8.RuneError)
}

// subpart is how many bytes at the beginning of p could begin a character
// (Unicode table 3-7), and at least 1.
func subpart(p []byte) int {
	lowest, highest, follow := byte(0x80), byte(0xbf), 0
	switch lead := p[0]; {
	case lead >= 0xc2 && lead <= 0xdf:
		follow = 1
	case lead >= 0xe0 && lead <= 0xef:
		follow = 2
	case lead >= 0xf0 && lead <= 0xf4:
		follow = 3
	}
	switch p[0] {
	case 0xe0:
		lowest = 0xa0
	case 0xed:
		highest = 0x9f
	case 0xf0:
		lowest = 0x90
	case 0xf4:
		highest = 0x8f
	}
	n := 1
	for ; n <= follow && n < len(p) && p[n] >= lowest && p[n] <= highest; n++ {
		lowest, highest = 0x80, 0xbf
	}
	return n
}
