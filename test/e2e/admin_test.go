//go:build e2e

package e2e

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"lectern/internal/lecterntest"
	"lectern/sandbox"
)

// withAdmin makes grace an admin.
func withAdmin(settings string) string {
	return strings.Replace(settings, "admins: []", "admins: [grace]", 1)
}

// TestAdmin: somebody who looks after a class of three Pods watches one, ends
// another, and closes the door, from the screen and by commands.
func TestAdmin(t *testing.T) {
	class := []string{"ada", "bob", "cy"}
	d := deployWith(t, installation{settings: withAdmin}, append(class, "grace", "dee")...)
	screens := make(map[string]*lecterntest.Terminal)
	for _, login := range class {
		screens[login] = d.terminals.Open(login, "80x24", d.ssh(login)...)
	}
	for _, login := range class {
		screens[login].Expect(`› ▸ open +1  Before the password`)
		screens[login].Press("Enter")
	}
	for _, login := range class {
		screens[login].Expect("You will learn")
	}
	address := func(login string) []string {
		command := d.ssh(login)
		command[len(command)-1] = "admin@" + d.host
		return command
	}
	admin := func(command ...string) (string, error) {
		args := append(address("grace"), command...)
		out, err := exec.CommandContext(t.Context(), args[0], args[1:]...).CombinedOutput()
		return string(out), err
	}
	room := d.terminals.Open("grace", "120x30", address("grace")...)
	room.Expect("3 of 4 places")
	room.Expect(`› ada .*● connected`)

	// The watch shows what bob sees, bob sees it, and grace's keys reach nothing.
	room.Press("Down")
	room.Expect(`› bob `)
	room.Press("w")
	room.Expect("watching bob")
	room.Expect("You will learn")
	screens["bob"].Expect("grace watches your screen")
	room.Press("Enter")
	room.Press("Enter")
	screens["cy"].Press("Enter")
	screens["cy"].Expect("Two lines in the clear")
	screens["bob"].Expect("You will learn")
	room.Press("Escape")
	room.Expect(`› bob .*● connected`)

	// The door: dee stays outside, and bob, whose link drops, comes back in.
	if out, err := admin("door", "close", "exam"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	dee := d.terminals.Open("dee", "80x24", d.ssh("dee")...)
	dee.Expect(`› ▸ open +1  Before the password`)
	dee.Press("Enter")
	dee.Expect("cannot be started just now: exam")
	again := d.terminals.Open("bob-again", "80x24", d.ssh("bob")...)
	again.Expect("► Continue")
	again.Press("Enter")
	again.Expect("You will learn")
	screens["bob"] = again

	// Of ada's session nothing is left within 10 s, and she knows within 2.
	name := sandbox.Name("ada")
	pod, err := d.client.CoreV1().Pods(sandboxNamespace).Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	others := d.sandboxUIDs(t, "bob", "cy")
	began := time.Now()
	ended := make(chan error, 1)
	go func() {
		out, err := admin("kill", "ada", "the", "lab", "closes")
		if err != nil {
			err = fmt.Errorf("%w: %s", err, out)
		}
		ended <- err
	}()
	screens["ada"].Expect("grace, who looks after this class, has ended your session: the lab closes")
	told := time.Since(began)
	if err := <-ended; err != nil {
		t.Error(err)
	}
	for {
		now, err := d.client.CoreV1().Pods(sandboxNamespace).Get(t.Context(), name, metav1.GetOptions{})
		if err != nil || now.UID != pod.UID {
			break
		}
		if time.Since(began) > 30*time.Second {
			t.Fatal("ada's Pod stays")
		}
		time.Sleep(50 * time.Millisecond)
	}
	gone := time.Since(began)
	t.Logf("ada was told after %s, and her Pod was gone after %s", told.Round(time.Millisecond), gone.Round(time.Millisecond))
	if told > 2*time.Second || gone > 10*time.Second {
		t.Error("that is too late")
	}
	// Of a Pod that the kubelet has let go no container runs any more.
	if out := kubectl(t, "get", "events", "-n", sandboxNamespace, "--field-selector", "involvedObject.name="+name+",reason=FailedKillPod", "-o", "name"); strings.TrimSpace(out) != "" {
		t.Errorf("the kubelet could not end it: %s", out)
	}
	screens["bob"].Expect("You will learn")
	screens["cy"].Expect("Two lines in the clear")
	screens["cy"].Press("Enter")
	screens["cy"].Expect("Ten lists and one rule")
	if after := d.sandboxUIDs(t, "bob", "cy"); after != others {
		t.Errorf("the others were %s and are %s", others, after)
	}
	room.Expect("2 of 4 places")

	if out, err := admin("sessions", "--json"); err != nil || strings.Count(out, `"state":"connected"`) != 2 || strings.Contains(out, `"login":"ada"`) {
		t.Errorf("the sessions are %s (%v)", out, err)
	}
	if out, err := admin("door", "open"); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	dee.Press("Enter") // away from the screen that says no
	dee.Expect(`› ▸ open +1  Before the password`)
	dee.Press("Enter")
	dee.Expect("You will learn")

	// Nobody else is let in.
	refused := exec.CommandContext(t.Context(), "ssh", append(address("ada")[1:], "kill", "bob")...)
	if out, err := refused.CombinedOutput(); err == nil || !strings.Contains(string(out), "Permission denied") && !strings.Contains(string(out), "not an admin") {
		t.Errorf("ada as admin: %v, %s", err, out)
	}
	for _, login := range []string{"bob", "cy", "dee"} {
		if out, err := admin("kill", login); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	}
	room.Expect("0 of 4 places")
}

// sandboxUIDs are those of learners' Pods, with how often they were restarted.
func (d *deployment) sandboxUIDs(t *testing.T, logins ...string) string {
	t.Helper()
	var list []string
	for _, login := range logins {
		pod, err := d.client.CoreV1().Pods(sandboxNamespace).Get(t.Context(), sandbox.Name(login), metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, fmt.Sprint(login, " ", pod.UID, " restarts ", pod.Status.ContainerStatuses[0].RestartCount))
	}
	return strings.Join(list, ", ")
}
