package gateway

import (
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"lectern/gateway/recording"
)

// recordedIn makes the gateway record sessions.
func recordedIn(t *testing.T, dir string) func(*Options) {
	t.Helper()
	recorder, err := recording.Open(recording.Options{Dir: dir, MaxSize: 1 << 20, Keep: time.Hour, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := recorder.Close(); err != nil {
			t.Error(err)
		}
	})
	return func(o *Options) { threeStages(o); o.Recorder = recorder }
}

// TestRecordedSession: the learner is told, and what they see is kept.
func TestRecordedSession(t *testing.T) {
	dir := t.TempDir()
	l := newLab(t, recordedIn(t, dir))
	c := open(t, l.dial(), "")
	c.shows("● Sessions are recorded.")
	c.enter()
	c.expect("\x1b]2;" + isRecorded + "\x07")
	l.records(said(1, 1))
	c.types("say [STAGE_COMPLETE:1] 가\r")
	c.expect("said .*가")
	if err := c.session.WindowChange(30, 100); err != nil {
		t.Fatal(err)
	}
	c.expect("winch 30 100")
	_ = c.session.Close()

	again := open(t, l.dial(), "start only 1")
	again.expect(isRecorded + "\r\n") // before the sandbox
	again.expect("hello from|said")
	again.types("exit 0\r")
	again.shows("Only stage")
	if err := l.server.Recorder.Close(); err != nil {
		t.Error(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*-ada-*.cast"))
	if err != nil || len(files) != 1 {
		t.Fatalf("the recordings are %v, %v", files, err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"width":80,"height":24`, `"title":"Only course, stage 1 \(ada\)"`, `"o", ".*hello from`, `said ✓ stage 1 complete 가`, `"r", "100x30"\]`,
		`"m", "The learner has come back."`,
	} {
		if !regexp.MustCompile(want).Match(text) {
			t.Errorf("the recording lacks %s:\n%s", want, text)
		}
	}
	if strings.Contains(string(text), "Sessions are recorded") || strings.Contains(string(text), "Continue") {
		t.Errorf("the picker is recorded:\n%s", text)
	}
}

// TestNothingIsRecordedUnasked.
func TestNothingIsRecordedUnasked(t *testing.T) {
	l := newLab(t, threeStages)
	c := open(t, l.dial(), "")
	c.enter()
	c.types("exit 0\r")
	c.shows("Step 2")
	if all := c.screen.All(); strings.Contains(strings.ToLower(all), "recorded") {
		t.Errorf("the learner is told of a recording: %q", all)
	}
}

// TestARecordingThatFailsIsNoFault: its folder goes away.
func TestARecordingThatFailsIsNoFault(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "recordings")
	l := newLab(t, recordedIn(t, dir))
	breakTrail(t, dir)
	c := open(t, l.dial(), "start only")
	c.expect("hello from")
	c.types("say on\r")
	c.expect("said on")
	c.types("exit 0\r")
	c.shows("Only stage")
}
