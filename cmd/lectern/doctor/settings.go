package doctor

import (
	"context"
	"fmt"
	"os"
	"strings"

	"lectern/course"
	"lectern/course/source"
)

// settings tells of what was found when the settings were loaded.
func (d *Doctor) settings(context.Context) Finding {
	if d.SettingsErr != nil {
		return bad(strings.ReplaceAll(d.SettingsErr.Error(), "\n", "; "),
			"correct them; docs/configuration.md lists every key, and lectern serve --print-config shows what is in force")
	}
	return good("valid; sandboxes are " + map[bool]string{true: "Pods", false: "on this machine"}[d.cluster != nil])
}

// courses looks at every source as lectern course check does.
func (d *Doctor) courses(ctx context.Context) Finding {
	unpacked, err := os.MkdirTemp("", "lectern-doctor-")
	if err != nil {
		return bad("no folder can be made to unpack courses into: "+err.Error(), "set TMPDIR to a folder that can be written")
	}
	defer func() { _ = os.RemoveAll(unpacked) }()
	usable, warnings := 0, 0
	var wrong []string
	for _, from := range d.Settings.Courses.Sources {
		opened, err := source.Open(ctx, source.Spec{Path: from.Path, URL: from.URL}, source.Options{CacheDir: unpacked})
		if err != nil {
			return bad(err.Error(), "correct courses.sources, or bring the courses there")
		}
		report, err := course.Scan(opened.Dir)
		if err != nil {
			return bad(err.Error(), "correct courses.sources")
		}
		usable += len(report.Usable())
		if report.HasErrors() {
			wrong = append(wrong, from.Path+from.URL)
		}
		for _, c := range report.Courses {
			warnings += len(c.Problems)
		}
	}
	switch {
	case len(wrong) > 0:
		return bad(fmt.Sprintf("%s with errors, which learners do not get to see", list(wrong)), "lectern course check "+wrong[0])
	case usable == 0:
		return bad("there is no course to teach", "set courses.sources to a folder or an archive with one; lectern course check PATH says what makes one")
	case warnings > 0:
		return good(fmt.Sprintf("%s, %s", count(usable, "course"), count(warnings, "warning")))
	}
	return good(count(usable, "course"))
}

// teacher tells who teaches.
func (d *Doctor) teacher(context.Context) Finding {
	claude, because, err := d.Teacher()
	switch {
	case err != nil:
		return bad(err.Error(), "do what it says, or set sandbox.agent to tutor")
	case claude:
		return good("Claude Code")
	case because != "":
		return good("the built-in tutor, since " + because)
	}
	return good("the built-in tutor")
}

// count is a number of things.
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// list is a few words, and how many more there are.
func list(items []string) string {
	const most = 6
	if len(items) > most {
		return strings.Join(items[:most], ", ") + fmt.Sprintf(" and %d more", len(items)-most)
	}
	return strings.Join(items, ", ")
}
