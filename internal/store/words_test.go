package store_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"testing"

	"github.com/busbar-dev/busbar/internal/store"
)

// The lists name every constant of their type, in the order in which they are declared.
func TestListsNameEveryWord(t *testing.T) {
	t.Parallel()
	declared := map[string][]string{}
	for _, path := range []string{"connection.go", "run.go", "words.go"} {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.ValueSpec); ok && spec.Type != nil && len(spec.Values) == 1 {
				if lit, ok := spec.Values[0].(*ast.BasicLit); ok {
					word, _ := strconv.Unquote(lit.Value)
					kind := spec.Type.(*ast.Ident).Name
					declared[kind] = append(declared[kind], word)
				}
			}
			return true
		})
	}
	for kind, listed := range map[string][]string{
		"ConnectionState": words(store.ConnectionStates()), "RunState": words(store.RunStates()), "Mode": words(store.Modes()), "Trigger": words(store.Triggers()),
	} {
		if !slices.Equal(listed, declared[kind]) || len(listed) == 0 {
			t.Errorf("%s: listed %v, declared %v", kind, listed, declared[kind])
		}
	}
}

func words[T ~string](list []T) (out []string) {
	for _, w := range list {
		out = append(out, string(w))
	}
	return out
}
