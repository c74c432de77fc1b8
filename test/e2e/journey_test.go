//go:build e2e

package e2e

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"lectern/course"
	"lectern/internal/lecterntest"
	"lectern/sandbox"
)

// TestJourney walks through Lectern as manifests/base installs it: with ssh
// into the gateway's Pod, from the picker into a sandbox Pod, through a stage
// of the course that the image has, and back to the picker; it tries from inside
// the sandbox what must not work; and it puts back a backup of the database.
func TestJourney(t *testing.T) {
	d := deploy(t, "ada", "bob")
	ada := d.terminals.Open("ada", "100x30", d.ssh("ada")...)
	ada.Expect(`› ▸ open +1  Before the password`)
	ada.Press("Enter")
	ada.Expect("You will learn")
	bob := d.terminals.Open("bob", "100x30", d.ssh("bob")...)
	bob.Expect(`› ▸ open +1  Before the password`)
	bob.Press("Enter")
	bob.Expect("You will learn")

	t.Run("probes", func(t *testing.T) { d.probes(t, d.listen(t, "lectern-proxy", gatewayNamespace, 8787)) })

	d.study(t, ada, sampleStage(t, 1))
	ada.Press("Enter")
	ada.Expect("Stage 1 complete. Well done")
	ada.Expect(`✓ done +1  Before the password`)
	ada.Expect(`› ▸ open +2  Who is there`)
	if progress := d.run(t, "ada", "progress", "--json"); !strings.Contains(progress, `"evidence":"quiz"`) {
		t.Errorf("the progress is %s", progress)
	}

	// The gateway's Pod is replaced; bob comes back into the same sandbox, and
	// ada has kept what she has finished.
	before := d.pod(t, "bob")
	kubectl(t, "rollout", "restart", "-n", gatewayNamespace, "deployment/lectern-gateway")
	bob.Expect("The gateway is restarting. Your session is kept")
	kubectl(t, "rollout", "status", "-n", gatewayNamespace, "deployment/lectern-gateway", "--timeout=120s")
	d.awaitPort(t)
	bob = d.terminals.Open("bob again", "100x30", d.ssh("bob")...)
	bob.Expect("► Continue.*Stage 1")
	bob.Press("Enter")
	bob.Expect("You will learn")
	if after := d.pod(t, "bob"); after != before {
		t.Errorf("bob is in the Pod %s, and was in %s", after, before)
	}
	if stages := d.run(t, "ada", "stages", "ssh-from-the-inside"); !strings.Contains(stages, "done") {
		t.Errorf("after the restart ada's stages are\n%s", stages)
	}
	bob.Press("q")
	bob.Expect("y leave")
	bob.Press("y")
	bob.Expect(`› ▸ open +1  Before the password`)

	t.Run("backup", func(t *testing.T) { d.keepsake(t, "ada", "bob") })
}

// sampleStage is a stage of the course in the image.
func sampleStage(t *testing.T, number int) course.Stage {
	t.Helper()
	c, problems := course.Load(filepath.Join("..", "..", "courses", "ssh-from-the-inside"), "ssh-from-the-inside")
	if len(problems) > 0 || len(c.Stages) < number {
		t.Fatalf("the sample course: %v", problems)
	}
	return c.Stages[number-1]
}

// study reads every page of a stage and answers its questions rightly.
func (d *deployment) study(t *testing.T, learner *lecterntest.Terminal, stage course.Stage) {
	t.Helper()
	learner.Press("Enter")
	for _, q := range stage.Questions {
		readTo(t, learner, q.Prompt)
		if q.Kind != course.MultipleChoice {
			learner.Type(q.Answer)
			learner.Press("Enter")
		} else {
			learner.Press(fmt.Sprint(q.Correct + 1))
		}
		learner.Expect("✓ Right")
		learner.Press("Enter")
	}
	learner.Expect(fmt.Sprintf("Stage %d complete", stage.Number))
}

// readTo reads on, page by page, until the beginning of a question is seen.
func readTo(t *testing.T, learner *lecterntest.Terminal, prompt string) {
	t.Helper()
	begin := strings.Join(strings.Fields(prompt)[:4], " ")
	begin = strings.NewReplacer("`", "", "*", "").Replace(begin)
	for range 100 {
		shown := learner.Shows()
		if strings.Contains(shown, begin) {
			return
		}
		learner.Press("Enter")
		learner.ExpectOther(shown)
	}
	t.Fatalf("100 pages on there is no %q; the terminal shows\n%s", begin, learner.Shows())
}

// pod names a learner's Pod, and tells it from another of that name.
func (d *deployment) pod(t *testing.T, login string) string {
	t.Helper()
	return kubectl(t, "get", "pod", "-n", sandboxNamespace, sandbox.Name(login), "-o", "jsonpath={.metadata.name} {.metadata.uid}")
}
