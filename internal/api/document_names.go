package api

import (
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/busbar-dev/busbar/internal/budget"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

func typeOf[T any]() reflect.Type { return reflect.TypeFor[T]() }

// schemaName names the schemas of Go types: runView is SyncRun, pageBody[runView] is SyncRunPage.
func schemaName(t reflect.Type, hint string) string {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t {
	case typeOf[problem.Item]():
		return "ProblemFault"
	case typeOf[problem.Upstream]():
		return "ProblemUpstream"
	case typeOf[problemDocument]():
		return "Problem"
	case typeOf[problem.Body]():
		return "KeptProblem"
	case typeOf[store.Counts]():
		return "SyncRunCounts"
	case typeOf[store.ItemCounts]():
		return "OperationCounts"
	case typeOf[manifest.Rules]():
		return "WriteRules"
	case typeOf[manifest.RuleText]():
		return "WriteRule"
	case typeOf[budget.Look]():
		return "CallBudget"
	case typeOf[budget.Limits]():
		return "CallLimits"
	case typeOf[budget.Breaker]():
		return "CallBreaker"
	}
	name := huma.DefaultSchemaNamer(t, hint)
	for _, of := range []struct{ generic, suffix string }{{"PageBody", "Page"}, {"ListBody", "List"}} {
		if rest, ok := strings.CutPrefix(name, of.generic); ok && rest != "" {
			return own(rest) + of.suffix
		}
	}
	return own(name)
}

// own is the public name of one of our own types.
func own(name string) string {
	name = strings.TrimSuffix(name, "View")
	switch name {
	case "Run":
		return "SyncRun"
	case "Item", "ItemDetail", "Attempt":
		return "Operation" + name
	case "Validate":
		return "Verdict"
	}
	return name
}
