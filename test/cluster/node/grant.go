package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// policyUser is who the policy controller is to the apiserver.
const policyUser = "lectern:kube-router"

// grantPolicyController lets the policy controller read what it enforces.
func grantPolicyController(ctx context.Context, api *client) error {
	type object = map[string]any
	const group = "rbac.authorization.k8s.io"
	verbs := []string{"get", "list", "watch"}
	objects := map[string]object{
		"clusterroles": {
			"apiVersion": group + "/v1", "kind": "ClusterRole", "metadata": object{"name": policyUser},
			"rules": []object{
				{"apiGroups": []string{""}, "resources": []string{"pods", "namespaces", "nodes"}, "verbs": verbs},
				{"apiGroups": []string{"networking.k8s.io"}, "resources": []string{"networkpolicies"}, "verbs": verbs},
			},
		},
		"clusterrolebindings": {
			"apiVersion": group + "/v1", "kind": "ClusterRoleBinding", "metadata": object{"name": policyUser},
			"roleRef":  object{"apiGroup": group, "kind": "ClusterRole", "name": policyUser},
			"subjects": []object{{"apiGroup": group, "kind": "User", "name": policyUser}},
		},
	}
	for resource, object := range objects {
		body, err := json.Marshal(object)
		if err != nil {
			return err
		}
		_, err = api.do(ctx, http.MethodPost, serverURL+"/apis/"+group+"/v1/"+resource, body)
		var status *statusError
		if errors.As(err, &status) && status.code == http.StatusConflict {
			continue // granted when the apiserver was ready before
		}
		if err != nil {
			return fmt.Errorf("give the policy controller its rights: %w", err)
		}
	}
	return nil
}
