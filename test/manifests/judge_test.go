package manifests_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/google/cel-go/cel"
	celtypes "github.com/google/cel-go/common/types"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/apiserver/pkg/admission"
	celplugin "k8s.io/apiserver/pkg/admission/plugin/cel"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/cel/environment"
)

// judge holds a ValidatingAdmissionPolicy as the apiserver compiles it: the
// same compiler, the same libraries and the same budget. The apiserver's own
// plugin around them needs all of its libraries, which take minutes to build.
type judge struct {
	policy *admissionregistrationv1.ValidatingAdmissionPolicy

	conditions, validations, messages celplugin.ConditionEvaluator
}

// oldest is the first Kubernetes that has such policies, whose language must do.
var oldest = version.MajorMinor(1, 30)

// newJudge compiles the policy that a folder renders to.
func newJudge(t *testing.T, dir string) *judge {
	t.Helper()
	objects := render(t, dir)
	policy := only[*admissionregistrationv1.ValidatingAdmissionPolicy](t, objects)
	binding := only[*admissionregistrationv1.ValidatingAdmissionPolicyBinding](t, objects)
	if binding.Spec.PolicyName != policy.Name {
		t.Fatalf("the binding names the policy %s, which does not exist", binding.Spec.PolicyName)
	}
	return judgeBy(t, policy)
}

// judgeBy compiles a policy.
func judgeBy(t *testing.T, policy *admissionregistrationv1.ValidatingAdmissionPolicy) *judge {
	t.Helper()
	j := &judge{policy: policy}
	spec := policy.Spec
	compiler, err := celplugin.NewCompositedCompiler(environment.MustBaseEnvSet(oldest, true))
	if err != nil {
		t.Fatal(err)
	}
	declared := celplugin.OptionalVariableDeclarations{StrictCost: true}
	for _, v := range spec.Variables {
		result := compiler.CompileAndStoreVariable(variable{expression{v.Expression, cel.AnyType}, v.Name}, declared, environment.StoredExpressions)
		if result.Error != nil {
			t.Fatalf("variable %s does not compile: %v", v.Name, result.Error)
		}
	}
	var conditions, validations, messages []celplugin.ExpressionAccessor
	for _, c := range spec.MatchConditions {
		conditions = append(conditions, expression{c.Expression, cel.BoolType})
	}
	for _, v := range spec.Validations {
		text := v.MessageExpression
		if text == "" {
			text = fmt.Sprintf("%q", v.Message)
		}
		validations = append(validations, expression{v.Expression, cel.BoolType})
		messages = append(messages, expression{text, cel.StringType})
	}
	compile := func(expressions []celplugin.ExpressionAccessor) celplugin.ConditionEvaluator {
		compiled := compiler.CompileCondition(expressions, declared, environment.StoredExpressions)
		for _, err := range compiled.CompilationErrors() {
			t.Errorf("the policy does not compile: %v", err)
		}
		return compiled
	}
	j.conditions, j.validations, j.messages = compile(conditions), compile(validations), compile(messages)
	return j
}

// request is what somebody wants of the apiserver.
type request struct {
	user        string
	namespace   string
	subresource string
	pod         *corev1.Pod
	old         *corev1.Pod // nil where pod is new
}

// reasons returns why the policy refuses a request; none where it admits it.
func (j *judge) reasons(ctx context.Context, t *testing.T, r request) []string {
	t.Helper()
	kind := corev1.SchemeGroupVersion.WithKind("Pod")
	resource := corev1.SchemeGroupVersion.WithResource("pods")
	attributes := &admission.VersionedAttributes{VersionedKind: kind, VersionedObject: r.pod}
	operation := admission.Create
	if r.old != nil {
		operation = admission.Update
		attributes.VersionedOldObject = r.old
	}
	attributes.Attributes = admission.NewAttributesRecord(attributes.VersionedObject, attributes.VersionedOldObject, kind,
		r.namespace, r.pod.Name, resource, r.subresource, operation, nil, false, &user.DefaultInfo{Name: r.user})

	evaluate := func(what celplugin.ConditionEvaluator) []celplugin.EvaluationResult {
		results, _, err := what.ForInput(ctx, attributes,
			celplugin.CreateAdmissionRequest(attributes.Attributes, metav1.GroupVersionResource(resource), metav1.GroupVersionKind(kind)),
			celplugin.OptionalVariableBindings{}, nil, celconfig.RuntimeCELCostBudget)
		if err != nil {
			t.Fatalf("evaluate the policy: %v", err)
		}
		for _, result := range results {
			if result.Error != nil {
				t.Fatalf("evaluate %s: %v", result.ExpressionAccessor.GetExpression(), result.Error)
			}
		}
		return results
	}
	for _, condition := range evaluate(j.conditions) {
		if condition.EvalResult != celtypes.True {
			return nil
		}
	}
	var reasons []string
	messages := evaluate(j.messages)
	for i, validation := range evaluate(j.validations) {
		if validation.EvalResult != celtypes.True {
			reasons = append(reasons, messages[i].EvalResult.Value().(string))
		}
	}
	return reasons
}

// covers tells whether the policy looks at an operation at all.
func (j *judge) covers(operation admissionregistrationv1.OperationType, resource schema.GroupResource) bool {
	for _, rule := range j.policy.Spec.MatchConstraints.ResourceRules {
		if slices.Contains(rule.Operations, operation) && slices.Contains(rule.APIGroups, resource.Group) && slices.Contains(rule.Resources, resource.Resource) {
			return true
		}
	}
	return false
}

// expression is one expression of the policy and the type that it must have.
type expression struct {
	text string
	kind *cel.Type
}

func (e expression) GetExpression() string    { return e.text }
func (e expression) ReturnTypes() []*cel.Type { return []*cel.Type{e.kind} }

// variable is an expression that others use by name.
type variable struct {
	expression
	name string
}

func (v variable) GetName() string { return v.name }
