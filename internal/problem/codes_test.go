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
	var codes, faults, reasons []string
	for _, p := range problem.All() {
		codes = append(codes, p.Code)
	}
	for _, f := range problem.Faults() {
		faults = append(faults, f.Code)
	}
	for _, r := range problem.Reasons() {
		reasons = append(reasons, r.Code)
	}
	same(t, "Code", constants["Code"], codes)
	same(t, "Fault", constants["Fault"], faults)
	same(t, "Reason", constants["Reason"], reasons)
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

// Reasons are published, so those who give one take it from the list.
func TestReasonsComeFromTheList(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{"../engine", "../connection"} {
		files, err := filepath.Glob(folder + "/*.go")
		if err != nil || len(files) == 0 {
			t.Fatalf("%s holds no source: %v", folder, err)
		}
		for _, path := range files {
			if !strings.HasSuffix(path, "_test.go") {
				for _, written := range writtenReasons(parse(t, path)) {
					t.Errorf("%s writes the reason %q out; take the constant of package problem", path, written)
				}
			}
		}
	}
}

func TestWrittenReasonsAreFound(t *testing.T) {
	t.Parallel()
	const text = `package p
		var a = &unproved{"one", d}
		var b = reason{code: "two"}
		var c = s.again("three", d)
		var e = store.Finish{ReasonCode: "four"}
		var f = []any{hopeless{problem.ReasonInternal, "detail"}, reason{}, s.again(problem.ReasonInternal, "detail")}`
	file, err := parser.ParseFile(token.NewFileSet(), "p.go", text, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	if got := writtenReasons(file); !slices.Equal(got, []string{"one", "two", "three", "four"}) {
		t.Errorf("found %q", got)
	}
}

// writtenReasons finds reason codes that are literals: as first element of the types that carry one, or as a member for one.
func writtenReasons(file *ast.File) (found []string) {
	ast.Inspect(file, func(n ast.Node) bool {
		var code string
		switch n := n.(type) {
		case *ast.CompositeLit:
			if name, ok := n.Type.(*ast.Ident); ok && slices.Contains([]string{"reason", "unproved", "hopeless"}, name.Name) && len(n.Elts) > 0 {
				code = literal(n.Elts[0])
			}
		case *ast.CallExpr:
			if sel, ok := n.Fun.(*ast.SelectorExpr); ok && sel.Sel.Name == "again" {
				code = literal(n.Args[0])
			}
		case *ast.KeyValueExpr:
			if key, ok := n.Key.(*ast.Ident); ok && slices.Contains([]string{"code", "ReasonCode", "StateCode", "ErrorCode"}, key.Name) {
				code = literal(n.Value)
			}
		}
		if code != "" {
			found = append(found, code)
		}
		return true
	})
	return found
}

func checkUse(t *testing.T, path string) {
	ast.Inspect(parse(t, path), func(n ast.Node) bool {
		var code string
		switch n := n.(type) {
		case *ast.CallExpr:
			if isProblem(n.Fun, "New", "Newf", "Lookup") && len(n.Args) > 0 {
				code = literal(n.Args[0])
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
