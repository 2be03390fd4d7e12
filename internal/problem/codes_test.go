package problem_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/problem"
)

// The constants and problems.yaml are one list.
func TestConstantsMatchTheList(t *testing.T) {
	t.Parallel()
	constants := map[string][]string{}
	file := parse(t, "codes.go")
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if ok {
			kind := spec.Type.(*ast.Ident).Name
			constants[kind] = append(constants[kind], literal(spec.Values[0]))
		}
		return true
	})
	var codes, faults []string
	for _, p := range problem.All() {
		codes = append(codes, p.Code)
	}
	for _, f := range problem.Faults() {
		faults = append(faults, f.Code)
	}
	same(t, "Code", constants["Code"], codes)
	same(t, "Fault", constants["Fault"], faults)
}

func same(t *testing.T, kind string, constants, listed []string) {
	t.Helper()
	slices.Sort(constants)
	slices.Sort(listed)
	if !slices.Equal(constants, listed) || len(listed) == 0 {
		t.Errorf("%s: constants %v, listed %v", kind, constants, listed)
	}
}

// Nobody makes a problem with a code that does not exist.
func TestCodesInUseExist(t *testing.T) {
	t.Parallel()
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && (d.Name() == "node_modules" || d.Name() == ".git") {
			return fs.SkipDir
		}
		if err == nil && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
			checkUse(t, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func checkUse(t *testing.T, path string) {
	ast.Inspect(parse(t, path), func(n ast.Node) bool {
		var code string
		switch n := n.(type) {
		case *ast.CallExpr:
			if isProblem(n.Fun, "New", "Newf", "Lookup", "Is") && len(n.Args) > 0 {
				code = literal(n.Args[min(len(n.Args)-1, argument(n.Fun))])
			}
		case *ast.CompositeLit:
			if isProblem(n.Type, "Error") {
				code = member(n, "Code")
			}
		}
		if _, known := problem.Lookup(code); code != "" && !known {
			t.Errorf("%s uses the code %q, which problems.yaml does not have", path, code)
		}
		return true
	})
}

// argument tells which argument of a function of this package is the code.
func argument(fun ast.Expr) int {
	if isProblem(fun, "Is") {
		return 1
	}
	return 0
}

func isProblem(e ast.Expr, names ...string) bool {
	sel, ok := e.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	pkg, ok := sel.X.(*ast.Ident)
	return ok && pkg.Name == "problem" && slices.Contains(names, sel.Sel.Name)
}

func member(lit *ast.CompositeLit, name string) string {
	for _, el := range lit.Elts {
		kv, ok := el.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		if key, ok := kv.Key.(*ast.Ident); ok && key.Name == name {
			return literal(kv.Value)
		}
	}
	return ""
}

func literal(e ast.Expr) string {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return ""
	}
	s, _ := strconv.Unquote(lit.Value)
	return s
}

func parse(t *testing.T, path string) *ast.File {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return file
}
