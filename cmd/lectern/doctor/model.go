package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	"lectern/proxy/report"
	"lectern/sandbox"
	"lectern/sandbox/kube"
	"lectern/sandbox/probe"
)

// noModel is why the rows about the model are left out.
const noModel = "the built-in tutor teaches, and asks no model"

// anyModel is asked for where the settings name none. That the API does not
// know it tells as much of the key.
const anyModel = "claude-sonnet-4-5"

func (d *Doctor) asksModel() bool {
	claude, _, err := d.Teacher()
	return err == nil && claude
}

// wayToProxy looks whether a sandbox reaches what it must.
func (d *Doctor) wayToProxy(ctx context.Context) Finding {
	if !d.asksModel() {
		return skipped(noModel)
	}
	r, err := d.cluster.reached(ctx, proxyTarget, d.everything)
	switch {
	case err != nil:
		return bad("the probes do not tell: "+err.Error(), "run this again")
	case !r.Reached:
		return bad(fmt.Sprintf("a sandbox does not reach %s (%s)", r.Address, r.Said),
			"kubectl -n "+d.cluster.home()+" rollout status deployment/lectern-proxy; then the NetworkPolicies to-proxy and proxy-from-sandboxes, and proxy.url")
	}
	return good("a sandbox reaches " + r.Address)
}

// clusterKey has the probe ask as a tutor would.
func (d *Doctor) clusterKey(ctx context.Context) Finding {
	c := d.cluster
	sign, err := d.Sign()
	if err != nil {
		return bad(err.Error(), "lectern keys | kubectl create -f -, and mount them as manifests/components/claude does")
	}
	token, err := sign(sandbox.Bearer{
		// No login of GitHub's has a space.
		Login: "lectern doctor", Session: "doctor-" + c.probes.run, Name: c.probes.asker.Name, Address: c.probes.asker.Status.PodIP,
		CourseID: "doctor", Stage: 1, Expires: d.now().Add(kube.ProbeLife),
	})
	if err != nil {
		return bad(err.Error(), "lectern keys makes a new pair")
	}
	question, err := json.Marshal(probe.Asking{URL: d.Settings.Proxy.URL, Token: token, Model: d.model()})
	if err != nil {
		return bad(err.Error(), "correct proxy.url")
	}
	text, err := c.prober.Run(ctx, c.probes.asker.Name, question, "probe", "ask")
	var said probe.Said
	if err == nil {
		err = json.Unmarshal(text, &said)
	}
	if err != nil {
		return bad("the probe does not answer: "+err.Error(), "run this again")
	}
	return judgeKey(said, d.model(), len(d.Settings.Proxy.Models) > 0)
}

// localKey asks by the proxy that the gateway has in itself.
func (d *Doctor) localKey(ctx context.Context) Finding {
	if !d.asksModel() {
		return skipped(noModel)
	}
	said, err := d.AskModel(ctx, d.model())
	if err != nil {
		return bad(err.Error(), "put the key into the file of proxy.api_key_file, or into ANTHROPIC_API_KEY")
	}
	return judgeKey(said, d.model(), len(d.Settings.Proxy.Models) > 0)
}

// model is the tutor's own, or any.
func (d *Doctor) model() string {
	if models := d.Settings.Proxy.Models; len(models) > 0 {
		return models[0]
	}
	return anyModel
}

// judgeKey tells what the answer to a free question says of the key. named is
// whether the settings name the model.
func judgeKey(said probe.Said, model string, named bool) Finding {
	var answer struct {
		InputTokens int `json:"input_tokens"`
		Error       struct{ Message string }
	}
	message := said.Text
	if err := json.Unmarshal([]byte(said.Text), &answer); err == nil && answer.Error.Message != "" {
		message = answer.Error.Message
	}
	const (
		newKey  = "get a new key from the API's console; in a cluster: kubectl -n lectern create secret generic lectern-anthropic --from-file=api-key=FILE --dry-run=client -o yaml | kubectl apply -f -"
		newPair = "make a new pair: lectern keys | kubectl replace -f -, and restart both Deployments"
	)
	aboutModel := strings.HasPrefix(answer.Error.Message, "model") // as the API words it
	switch {
	case said.Status == http.StatusOK && answer.InputTokens == 0, said.Status == http.StatusNotFound && !aboutModel:
		return bad(fmt.Sprintf("what answers at proxy.upstream is not the model's API: status %d, %.100s", said.Status, message), "correct proxy.upstream")
	case said.Status == http.StatusOK:
		return good("the API takes it (asked for free, " + model + ")")
	case said.Status == http.StatusTooManyRequests:
		return good("the API takes it, and is asked too often just now")
	case said.Status == http.StatusNotFound && !named:
		return good("the API takes it")
	case said.Status == http.StatusNotFound:
		return bad(fmt.Sprintf("the API does not know the model %s", model), "correct proxy.models")
	case said.Status == 0:
		return bad("the API proxy does not answer: "+message, "kubectl -n lectern logs deployment/lectern-proxy")
	case said.Status == http.StatusUnauthorized:
		return bad("the API proxy takes no token of this gateway: "+message, newPair)
	case strings.Contains(message, "refuses the lab's key"):
		return bad("the API refuses the key", newKey)
	case strings.Contains(message, "no key"):
		return bad("the API proxy has no key", newKey)
	case strings.Contains(message, "cannot be reached"):
		return bad("the API proxy does not reach the API: "+message, "let it ask port 443 of proxy.upstream (the NetworkPolicy proxy) and look names up")
	}
	return bad(fmt.Sprintf("the question was answered with status %d: %s", said.Status, message), "look at the API proxy's log")
}

// events asks the gateway as the proxy does.
func (d *Doctor) events(ctx context.Context) Finding {
	e := d.Settings.Proxy.Events
	if !d.asksModel() || e.Listen == "" {
		return skipped(noModel)
	}
	base := e.URL
	if base == "" && d.cluster.gateway != nil {
		if door := d.cluster.doors(ctx)[2]; door.address != "" {
			base = "http://" + door.address
		}
	}
	if base == "" {
		return skipped("no gateway is found in the cluster")
	}
	secret, err := os.ReadFile(e.SecretFile)
	if err != nil {
		return bad("the secret of the proxy's reports cannot be read: "+err.Error(), "set proxy.events.secret_file to what lectern keys has made")
	}
	client := report.NewClient(base, strings.TrimSpace(string(secret)))
	defer client.Close()
	err = again(ctx, func() error {
		asking, cancel := context.WithTimeout(ctx, lookLimit)
		defer cancel()
		_, err := client.ChargedToday(asking, "doctor")
		return err
	})
	switch {
	case err == nil:
		return good(base + " takes reports")
	case !inPod() && errors.Is(err, context.DeadlineExceeded):
		return skipped(base + " cannot be reached from here; the Job of manifests/components/doctor can")
	}
	return bad("finished stages would not be recorded: "+err.Error(),
		"let proxy and gateway have the same events-secret (lectern keys), and the proxy reach port 8081 of the gateway (the NetworkPolicy gateway-from-proxy)")
}
