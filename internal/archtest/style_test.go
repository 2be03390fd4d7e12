package archtest

import (
	"fmt"
	"go/ast"
	"go/token"
	"path"
	"slices"
	"strings"
)

const maxLines = 500

// clocks are where the clock may be read: the program and what builds it hand it on; budget and egress pace and time real calls; a
// lease is over when real time has passed; the suite of connectors runs beside real systems; a simulator's default is the real time.
func clocks() []string {
	return []string{"cmd", "internal/app", "internal/budget", "internal/conformance", "internal/egress", "internal/lease", "internal/sim"}
}

func timeIsAnArgument(t *tree) []string {
	var found []string
	for _, f := range t.production() {
		if under(f.dir, clocks()...) {
			continue
		}
		f.uses(func(n ast.Node, pkg, name string) {
			if pkg == "time" && slices.Contains([]string{"Now", "Since", "Until"}, name) {
				found = append(found, fmt.Sprintf("%s: %s reads the clock with time.%s; take now func() time.Time", t.at(n), f.dir, name))
			}
		})
	}
	return found
}

// nothingSleeps holds for tests too, except in files that use testing/synctest, where sleeping takes no time.
func nothingSleeps(t *tree) []string {
	var found []string
	for _, f := range t.files {
		if f.imports["synctest"] == "testing/synctest" {
			continue
		}
		f.uses(func(n ast.Node, pkg, name string) {
			if pkg == "time" && name == "Sleep" {
				found = append(found, fmt.Sprintf("%s: %s sleeps; wait for what should happen, with a context", t.at(n), f.dir))
			}
		})
	}
	return found
}

func noPackageState(t *tree) []string {
	var found []string
	for _, f := range t.production() {
		for _, decl := range f.syntax.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if d.Name.Name == "init" && d.Recv == nil {
					found = append(found, fmt.Sprintf("%s: %s has an init function; register in a list that can be read", t.at(d), f.dir))
				}
			case *ast.GenDecl:
				found = append(found, t.state(f, d)...)
			}
		}
	}
	return found
}

// state lists package variables that can only be there to be changed: those without a value, and locks, pools and atomics.
func (t *tree) state(f *file, d *ast.GenDecl) []string {
	var found []string
	if d.Tok != token.VAR {
		return nil
	}
	for _, s := range d.Specs {
		v := s.(*ast.ValueSpec)
		if embedded(d.Doc) || embedded(v.Doc) || len(v.Values) > 0 && !f.shared(v.Type) {
			continue
		}
		found = append(found, fmt.Sprintf("%s: %s keeps state in the package variable %s; keep it in a struct", t.at(v), f.dir, v.Names[0].Name))
	}
	return found
}

func (f *file) shared(typ ast.Expr) bool {
	sel, ok := typ.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	id, ok := sel.X.(*ast.Ident)
	return ok && strings.HasPrefix(f.imports[id.Name], "sync")
}

func embedded(doc *ast.CommentGroup) bool {
	return doc != nil && slices.ContainsFunc(doc.List, func(c *ast.Comment) bool { return strings.HasPrefix(c.Text, "//go:embed") })
}

func everySkipSaysWhy(t *tree) []string {
	var found []string
	for _, f := range t.files {
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if ok && f.test && (sel.Sel.Name == "SkipNow" || sel.Sel.Name == "Skip" && saysNothing(call.Args)) {
				found = append(found, fmt.Sprintf("%s: a test is skipped without a reason; write t.Skip(\"why, and where it runs\")", t.at(n)))
			}
			return true
		})
	}
	return found
}

func saysNothing(args []ast.Expr) bool {
	if len(args) == 0 {
		return true
	}
	lit, ok := args[0].(*ast.BasicLit)
	return ok && len(args) == 1 && len(lit.Value) < 10
}

func namesSaySomething(t *tree) []string {
	var found []string
	empty := []string{"util", "utils", "common", "helper", "helpers", "manager", "managers", "misc", "shared", "base", "lib"}
	for _, f := range t.files {
		for _, name := range []string{path.Base(f.dir), strings.TrimSuffix(f.syntax.Name.Name, "_test"), strings.TrimSuffix(path.Base(f.path), ".go")} {
			if slices.Contains(empty, name) {
				found = append(found, fmt.Sprintf("%s: %q says nothing; name it after what it holds", f.path, name))
			}
		}
	}
	return unique(found)
}

func filesHoldOneIdea(t *tree) []string {
	var found []string
	for _, f := range t.files {
		if f.lines > maxLines && !f.generated {
			found = append(found, fmt.Sprintf("%s has %d lines; split it by idea, %d are the most", f.path, f.lines, maxLines))
		}
	}
	return found
}

func packagesSayWhatTheyOwn(t *tree) []string {
	said := map[string]bool{}
	var dirs, found []string
	for _, f := range t.files {
		if _, seen := said[f.dir]; !seen {
			dirs = append(dirs, f.dir)
			said[f.dir] = false
		}
		if f.syntax.Doc != nil || f.generated {
			said[f.dir] = true
		}
	}
	for _, dir := range dirs {
		if !said[dir] {
			found = append(found, fmt.Sprintf("%s has no package comment; say what it owns and what it must not know", dir))
		}
	}
	return found
}

func nothingIsLeftUnbuilt(t *tree) []string {
	var found []string
	for _, f := range t.production() {
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) != 1 {
				return true
			}
			fun, isName := call.Fun.(*ast.Ident)
			lit, isText := call.Args[0].(*ast.BasicLit)
			if isName && isText && fun.Name == "panic" && slices.Contains([]string{`"contract"`, `"to be built"`, `"not implemented"`, `"TODO"`}, lit.Value) {
				found = append(found, fmt.Sprintf("%s: %s is not built yet (panic(%s))", t.at(n), f.dir, lit.Value))
			}
			return true
		})
	}
	return found
}
