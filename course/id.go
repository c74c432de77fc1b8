package course

import (
	"crypto/sha256"
	"encoding/hex"
	"path"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

const (
	maxIDBytes  = 100
	digestBytes = 8
)

// ID derives a course's id from its path below its source, with slashes: the
// folders joined with hyphens, in lower case, of the characters [a-z0-9._-]
// only, at most 100 of them, starting and ending with a letter or a digit. The
// same path always gives the same id. Where letters of other scripts are lost
// or the path is too long, a short digest of the path keeps ids apart. A path
// of nothing gives "course".
func ID(rel string) string {
	rel = norm.NFC.String(strings.TrimPrefix(path.Clean("/"+strings.ToValidUTF8(rel, "_")), "/"))
	var out strings.Builder
	lost, gap := false, false
	// Decomposed, accented Latin letters keep their base letter.
	for _, r := range norm.NFKD.String(strings.ToLower(rel)) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '.', r == '_', r == '-':
			if gap {
				out.WriteByte('-')
			}
			gap = false
			out.WriteRune(r)
		case unicode.Is(unicode.Mn, r):
		case r == '/':
			out.WriteByte('-')
			gap = false
		default:
			lost = lost || unicode.IsLetter(r) || unicode.IsNumber(r)
			gap = out.Len() > 0
		}
	}
	id := strings.Trim(out.String(), ".-_")
	if rel == "" {
		return "course"
	}
	if id == "" && !lost {
		lost = true
	}
	if !lost && len(id) <= maxIDBytes {
		return id
	}
	sum := sha256.Sum256([]byte(rel))
	digest := hex.EncodeToString(sum[:])[:digestBytes]
	id = strings.Trim(id[:min(len(id), maxIDBytes-digestBytes-1)], ".-_")
	if id == "" {
		return "course-" + digest
	}
	return id + "-" + digest
}
