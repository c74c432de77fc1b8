// Package manifests_test checks what kubectl apply -k would send to a cluster,
// without a cluster and without kubectl. It renders the manifests as kubectl
// does, reads them as the types of the apiserver, and judges them by the code
// that the apiserver judges with: Pod Security's and the admission policy's.
//
// It is a module of its own, so that Kubernetes' server libraries stay out of
// the main one.
package manifests_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

const (
	root       = "../../manifests"
	base       = root + "/base"
	pvc        = "testdata/pvc"      // base with the component storage-pvc
	hostPath   = "testdata/hostpath" // base with the component storage-hostpath
	otherImage = "testdata/image"    // base with another image of sandboxes
	claude     = "testdata/claude"   // base with the component claude
	monitoring = "testdata/monitoring"
	// monitoringClaude is base with both components.
	monitoringClaude = "testdata/monitoring-claude"
	doctor           = "testdata/doctor" // base with the components claude and doctor
	// ingress is the overlay for a page of a name of its own that the README shows.
	ingress = "testdata/ingress"
	// classroom is the overlay that the README of the manifests shows.
	classroom = "testdata/classroom"

	own       = "lectern"
	sandboxes = "lectern-sandboxes"
	gateway   = "lectern-gateway"
	proxy     = "lectern-proxy"
)

// everything is all that can be applied.
var everything = []string{base, pvc, hostPath, otherImage, claude, doctor, monitoring, monitoringClaude, ingress, classroom}

// render returns the objects that kubectl apply -k dir would send.
func render(t *testing.T, dir string) []runtime.Object {
	t.Helper()
	rendered, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), dir)
	if err != nil {
		t.Fatalf("render %s: %v", dir, err)
	}
	text, err := rendered.AsYaml()
	if err != nil {
		t.Fatalf("render %s: %v", dir, err)
	}
	return decode(t, dir, text)
}

var strict = serializer.NewCodecFactory(scheme.Scheme, serializer.EnableStrict).UniversalDeserializer()

// decode reads YAML documents as the apiserver would, except that a field that
// it would ignore is an error.
func decode(t *testing.T, name string, text []byte) []runtime.Object {
	t.Helper()
	var objects []runtime.Object
	documents := yaml.NewDocumentDecoder(io.NopCloser(bytes.NewReader(text)))
	defer documents.Close()
	buffer := make([]byte, 1<<20)
	for {
		n, err := documents.Read(buffer)
		if errors.Is(err, io.EOF) {
			return objects
		}
		if err != nil {
			t.Fatalf("read %s: %v", name, err)
		}
		object, _, err := strict.Decode(buffer[:n], nil, nil)
		if err != nil {
			t.Fatalf("read %s: %v in\n%s", name, err, buffer[:n])
		}
		objects = append(objects, object)
	}
}

// all returns the objects of one type.
func all[T runtime.Object](objects []runtime.Object) []T {
	var found []T
	for _, object := range objects {
		if typed, ok := object.(T); ok {
			found = append(found, typed)
		}
	}
	return found
}

// only returns the one object of a type.
func only[T runtime.Object](t *testing.T, objects []runtime.Object) T {
	t.Helper()
	found := all[T](objects)
	if len(found) != 1 {
		t.Fatalf("there are %d objects of type %T, want 1", len(found), *new(T))
	}
	return found[0]
}

// The rendering forgives what the files must not have: it drops what it does
// not understand, and the later of two equal keys wins.
func TestFilesHaveKnownFieldsOnly(t *testing.T) {
	read := 0
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".yaml" {
			return err
		}
		switch entry.Name() {
		case "kustomization.yaml", "lectern.yaml": // not for the apiserver
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		read += len(decode(t, path, text))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if read == 0 {
		t.Errorf("no object is in %s", root)
	}
}

func TestRenders(t *testing.T) {
	for _, dir := range everything {
		if len(render(t, dir)) == 0 {
			t.Errorf("%s renders to nothing", dir)
		}
	}
}

// Whoever copies an overlay of the README gets what is tested here.
func TestReadmeShowsTheOverlays(t *testing.T) {
	readme, err := os.ReadFile(root + "/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, overlay := range []string{classroom, ingress} {
		text, err := os.ReadFile(overlay + "/kustomization.yaml")
		if err != nil {
			t.Fatal(err)
		}
		shown := strings.ReplaceAll(string(text), "../../"+root, "../lectern/manifests")
		if shown == string(text) || !strings.Contains(string(readme), "```yaml\n"+shown+"```\n") {
			t.Errorf("%s/README.md does not show this overlay:\n%s", root, shown)
		}
	}
}

// A component that nobody renders here would go unchecked.
func TestEveryComponentIsChecked(t *testing.T) {
	entries, err := os.ReadDir(root + "/components")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		var used bool
		for _, dir := range everything[1:] {
			text, err := os.ReadFile(dir + "/kustomization.yaml")
			if err != nil {
				t.Fatal(err)
			}
			used = used || strings.Contains(string(text), "components/"+entry.Name()+"\n")
		}
		if !used {
			t.Errorf("no folder in testdata renders the component %s", entry.Name())
		}
	}
}
