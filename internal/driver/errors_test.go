package driver_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"testing"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/problem"
)

// Every kind has one row, with a reason that is known and its own.
func TestVerdictsAreComplete(t *testing.T) {
	t.Parallel()
	declared, listed := declaredKinds(t), driver.Kinds()
	slices.Sort(declared)
	slices.Sort(listed)
	if !slices.Equal(declared, listed) || len(listed) == 0 {
		t.Errorf("the kinds %v have rows, want %v", listed, declared)
	}
	reasons := map[problem.Reason]bool{}
	for _, v := range driver.Verdicts() {
		known := slices.ContainsFunc(problem.Reasons(), func(r problem.ReasonType) bool { return r.Code == v.Reason })
		if !known || reasons[v.Reason] {
			t.Errorf("%s has the reason %q, which another kind has or nobody knows", v.Kind, v.Reason)
		}
		reasons[v.Reason] = true
		if v.Kind.Verdict() != v || driver.EffectOf(v.Reason) != v.Effect {
			t.Errorf("%s is looked up as %+v, want %+v", v.Kind, v.Kind.Verdict(), v)
		}
	}
}

// What must hold, whatever rows are added.
func TestVerdictsKeepTheirPromises(t *testing.T) {
	t.Parallel()
	for _, v := range driver.Verdicts() {
		if v.Effect == driver.LoginRefused && v.Retry {
			t.Errorf("%s: a refused login is tried again, which locks accounts", v.Kind)
		}
		if (v.Effect == driver.Waiting || v.Effect == driver.Unanswered) && !v.Retry {
			t.Errorf("%s: nobody tries again, though it passes by itself", v.Kind)
		}
	}
	if u, n := driver.Unreachable.Verdict(), driver.NotSystem.Verdict(); u.Effect != n.Effect || u.Retry != n.Retry {
		t.Errorf("no answer %+v and an answer of something else %+v differ", u, n)
	}
	if got := driver.Kind("new").Verdict(); got.Kind != driver.Fault {
		t.Errorf("an unknown kind counts as %s, want %s", got.Kind, driver.Fault)
	}
	if driver.EffectOf(problem.ReasonStorageFull).Whole() {
		t.Error("a full disk is taken for an answer of the system")
	}
}

func declaredKinds(t *testing.T) (kinds []driver.Kind) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "errors.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if name, ok := spec.Type.(*ast.Ident); ok && name.Name == "Kind" {
			text, _ := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			kinds = append(kinds, driver.Kind(text))
		}
		return true
	})
	return kinds
}
