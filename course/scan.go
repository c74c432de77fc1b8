package course

import (
	"io/fs"
	"path"
	"strings"
	"unicode/utf8"
)

// Bounds of a scan: far above real collections, and they keep a folder that
// was never meant to be one from being walked for ever.
const (
	maxScanDepth = 12
	maxFolders   = 20_000
	maxCourses   = 1_000
)

// Scan finds and reads every course in the folder root and below, in the order
// of their paths. Folders whose names start with a dot, node_modules and links
// are not entered. The error says that root cannot be read at all; everything
// else is a problem in the report.
func Scan(root string) (Report, error) {
	s, err := openSite(root)
	if err != nil {
		return Report{}, err
	}
	defer s.close()
	report := Report{}
	n := notes{cleanLine(s.dir), &report.Problems} // "." would say nothing
	paths := coursePaths(s, n)
	if len(paths) == 0 {
		n.errorf(0, "no course here: %s", whatACourseIs)
		return report, nil
	}
	taken := map[string]string{}
	for _, rel := range paths {
		f := s.at(rel)
		id := ID(rel)
		if rel == "." {
			id = ID(f.name())
		}
		c, problems := load(f, id)
		if first, twice := taken[id]; twice {
			(notes{f.label, &problems}).errorf(0, "the course has the same id %s as %s; rename one of the folders", quote(id), quote(first))
		} else {
			taken[id] = rel
		}
		report.Courses = append(report.Courses, CourseReport{c, problems})
	}
	tellApart(report.Courses)
	return report, nil
}

// coursePaths walks the site and returns where courses are, in order.
func coursePaths(s *site, n notes) []string {
	var found []string
	folders := 0
	full := false
	var walk func(rel string, depth int, inside bool)
	walk = func(rel string, depth int, inside bool) {
		switch {
		case full:
			return
		case folders == maxFolders:
			n.warnf(0, "there are more than %d folders; the rest are not looked at", maxFolders)
			full = true
			return
		case depth > maxScanDepth:
			n.in(rel).warnf(0, "is more than %d folders deep and is not looked at", maxScanDepth)
			return
		}
		folders++
		before := len(found)
		if isCourse(s.at(rel)) {
			if len(found) == maxCourses {
				n.warnf(0, "there are more than %d courses; the rest are left out", maxCourses)
				full = true
				return
			}
			found = append(found, rel)
			inside = true
		}
		entries, err := fs.ReadDir(s.root.FS(), rel)
		if err != nil {
			n.in(rel).warnf(0, "cannot be listed: %v", withoutPath(err))
		}
		for _, e := range entries {
			switch {
			case !e.IsDir() || isSkipped(e.Name()):
			case !isPlainName(e.Name()):
				n.in(path.Join(rel, e.Name())).warnf(0, "is not looked at, since its name holds control characters; rename it")
			default:
				walk(path.Join(rel, e.Name()), depth+1, inside)
			}
		}
		// The CLAUDE.md of a course's parts, or of a folder around courses, is
		// for others; any other may be a course that its author has not ended.
		if f := s.at(rel); !inside && !full && len(found) == before && f.has(guideFile) {
			n.in(f.file(guideFile)).warnf(0, `has no block with "stages", and there is no %s beside it, so this folder is no course`, modulesFile)
		}
	}
	walk(".", 0, false)
	return found
}

// isSkipped reports whether a folder never holds courses.
func isSkipped(name string) bool {
	return strings.HasPrefix(name, ".") || name == "node_modules"
}

// isPlainName reports whether a folder's name can be shown as it is.
func isPlainName(name string) bool {
	return utf8.ValidString(name) && !needsCleaning(name) && !strings.ContainsAny(name, "\n\t")
}

// tellApart gives courses with the same title different ones, as a picker
// would otherwise show the same line twice.
func tellApart(courses []CourseReport) {
	byTitle := map[string][]int{}
	for i, c := range courses {
		byTitle[fold(c.Title)] = append(byTitle[fold(c.Title)], i)
	}
	for _, same := range byTitle {
		if len(same) < 2 {
			continue
		}
		for _, i := range same {
			courses[i].Title += " (" + courses[i].ID + ")"
		}
	}
}
