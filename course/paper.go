package course

import (
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

const paperFile = "paper.json"

// paper is what paper.json says of the work that a course teaches.
type paper struct {
	title       string
	description string
	authors     []string
	// shared tells that other courses teach it too, so that its title does not
	// name this one.
	shared bool
}

// readPaper reads the paper.json in the folder or else the one around it. It
// is only an ornament, so nothing in it is an error.
func readPaper(f folder, n notes) paper {
	owner := f
	if !f.has(paperFile) {
		parent, ok := f.parent()
		if !ok || !parent.has(paperFile) {
			return paper{}
		}
		owner = parent
	}
	n = n.in(owner.file(paperFile))
	data, err := owner.readFile(path.Join(owner.path, paperFile))
	if err != nil {
		n.warnf(0, "cannot be read: %v", withoutPath(err))
		return paper{}
	}
	root, bad := parseJSON([]byte(strings.ToValidUTF8(string(data), "\ufffd")), 1)
	if bad != nil {
		n.warnf(bad.line, "is not valid JSON: %s", bad.message)
		return paper{}
	}
	fields := fieldReader{root, "the paper", n}
	p := paper{title: fields.line("title", Warning), description: cleanLine(fields.checked("description", Warning))}
	for i, a := range fields.list("authors", Warning) {
		name := ""
		if a.kind == objectValue {
			name = (fieldReader{a, "author " + strconv.Itoa(i+1), n}).line("name", Warning)
		} else if a.isScalar() {
			name = shorten(cleanLine(a.text), maxLineRunes)
		}
		if name != "" && len(p.authors) < maxLines {
			p.authors = append(p.authors, name)
		}
	}
	p.shared = isShared(owner)
	return p
}

// isShared reports whether a paper.json serves more than one course: the
// folder it lies in and those right below, unless they have one of their own.
func isShared(owner folder) bool {
	const most = 500 // folders looked at
	courses := 0
	if isCourse(owner) {
		courses++
	}
	entries, err := fs.ReadDir(owner.root.FS(), owner.path)
	if err != nil {
		return false
	}
	looked := 0
	for _, e := range entries {
		if !e.IsDir() || isSkipped(e.Name()) || looked == most {
			continue
		}
		looked++
		if sub := owner.sub(e.Name()); !sub.has(paperFile) && isCourse(sub) {
			courses++
		}
		if courses > 1 {
			return true
		}
	}
	return false
}

// isGeneric reports whether a heading speaks to the tutor and so does not name
// the course.
func isGeneric(heading string) bool {
	heading = fold(heading)
	for _, start := range []string{"tutor", "claude", "instructions"} {
		if strings.HasPrefix(heading, start) {
			return true
		}
	}
	return heading == ""
}

var addressesTutor = regexp.MustCompile(`(?i)^(?:you are|you're|your (?:role|task|job)|act as|당신은)\b`)

// titleOf names a course for people.
func titleOf(p paper, g guide, folderName string) string {
	title := humanise(folderName)
	switch {
	case p.title != "" && !p.shared:
		title = p.title
	case !isGeneric(g.heading):
		title = g.heading
	case p.title != "":
		title = p.title + " — " + title
	}
	return shorten(title, maxLineRunes)
}

// descriptionOf describes a course for people. A guide that begins by telling
// the tutor who it is describes nothing.
func descriptionOf(p paper, g guide) string {
	const longest = 600 // runes
	switch {
	case p.description != "":
		return shorten(p.description, longest)
	case addressesTutor.MatchString(g.intro):
		return ""
	}
	return shorten(g.intro, longest)
}

// humanise makes a readable name of the name of a folder or an id.
func humanise(name string) string {
	name = cleanLine(strings.NewReplacer("-", " ", "_", " ").Replace(name))
	for i, r := range name {
		return name[:i] + string(unicode.ToUpper(r)) + name[i+len(string(r)):]
	}
	return "Untitled"
}
