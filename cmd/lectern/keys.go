package main

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/yaml"

	"lectern/proxy/token"
)

func keysCommand() *cobra.Command {
	var namespace string
	cmd := &cobra.Command{
		Use:   "keys",
		Short: "Make the Secrets by which gateway and proxy trust each other in a cluster",
		Long: `Make the Secrets by which gateway and proxy trust each other in a cluster, and
print them. They are new each time, so make them once, and let nothing keep them
but the cluster:

  lectern keys | kubectl create -f -

The gateway's Secret has the key that signs the tokens of sandboxes, the proxy's
its public half; both have the secret with which the proxy reports.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if len(validation.IsDNS1123Label(namespace)) > 0 {
				return fmt.Errorf("--namespace: %q is no namespace; write lower-case letters, digits and hyphens", namespace)
			}
			return writeKeys(cmd.OutOrStdout(), namespace)
		},
	}
	cmd.Flags().StringVar(&namespace, "namespace", "lectern", "namespace of the gateway and the proxy")
	return cmd
}

// writeKeys writes both Secrets as manifests/components/claude mounts them.
func writeKeys(out io.Writer, namespace string) error {
	private, public, err := token.GenerateKeys()
	if err != nil {
		return err
	}
	var random [32]byte
	_, _ = rand.Read(random[:]) // never fails (crypto/rand)
	shared := []byte(base64.RawURLEncoding.EncodeToString(random[:]))
	for _, secret := range []struct {
		name string
		data map[string][]byte
	}{
		{"lectern-gateway-keys", map[string][]byte{"session-token-private.pem": private, "events-secret": shared}},
		{"lectern-proxy-keys", map[string][]byte{"session-token-public.pem": public, "events-secret": shared}},
	} {
		text, err := yaml.Marshal(corev1.Secret{
			TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
			ObjectMeta: metav1.ObjectMeta{Name: secret.name, Namespace: namespace},
			Data:       secret.data,
		})
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(out, "---\n%s", text); err != nil {
			return err
		}
	}
	return nil
}
