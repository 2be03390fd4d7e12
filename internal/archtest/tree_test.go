package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

const module = "github.com/busbar-dev/busbar/"

// tree is the source of a house.
type tree struct {
	root  string
	fset  *token.FileSet
	paths []string // every file, relative, with slashes
	files []*file  // the Go files among them
}

// file is one Go file.
type file struct {
	path      string // relative to the root, with slashes
	dir       string // its folder; "." at the root
	syntax    *ast.File
	test      bool              // _test.go, or in a package for tests or generating
	generated bool              //
	lines     int               //
	imports   map[string]string // name in this file → import path
}

// testPackages exist for tests and tools of the project itself; no program imports them.
func testPackages() []string {
	return []string{"internal/archtest", "internal/bench", "internal/browser", "internal/e2e", "internal/realsys", "internal/store/storetest"}
}

var generatedLine = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)

func load(root string) (*tree, error) {
	t := &tree{root: root, fset: token.NewFileSet()}
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		return t.visit(filepath.ToSlash(rel), d)
	})
	return t, err
}

func (t *tree) visit(rel string, d fs.DirEntry) error {
	if d.IsDir() {
		if skipped(rel, d.Name()) {
			return filepath.SkipDir
		}
		return nil
	}
	t.paths = append(t.paths, rel)
	if !strings.HasSuffix(rel, ".go") {
		return nil
	}
	f, err := t.parse(rel)
	if err != nil {
		return err
	}
	t.files = append(t.files, f)
	return nil
}

// skipped tells which folders are no source: hidden ones (but .ci), test data, data directories and installed packages.
func skipped(rel, name string) bool {
	if rel == "." || name == ".ci" {
		return false
	}
	return strings.HasPrefix(name, ".") || slices.Contains([]string{"testdata", "node_modules", "dist", "busbar-data", "busbar-demo"}, name)
}

func (t *tree) parse(rel string) (*file, error) {
	src, err := os.ReadFile(filepath.Join(t.root, rel))
	if err != nil {
		return nil, err
	}
	syntax, err := parser.ParseFile(t.fset, rel, src, parser.ParseComments)
	if err != nil {
		return nil, fmt.Errorf("parse %s: %w", rel, err)
	}
	dir := path.Dir(rel)
	return &file{
		path: rel, dir: dir, syntax: syntax,
		test:      strings.HasSuffix(rel, "_test.go") || path.Base(dir) == "gen" || under(dir, testPackages()...),
		generated: generatedLine.Match(src),
		lines:     strings.Count(string(src), "\n"),
		imports:   importsOf(syntax),
	}, nil
}

var majorVersion = regexp.MustCompile(`^v[0-9]+$`)

func importsOf(f *ast.File) map[string]string {
	names := map[string]string{}
	for _, spec := range f.Imports {
		p := strings.Trim(spec.Path.Value, `"`)
		name := path.Base(p)
		if majorVersion.MatchString(name) {
			name = path.Base(path.Dir(p))
		}
		if spec.Name != nil {
			name = spec.Name.Name
		}
		names[name] = p
	}
	return names
}

// under tells whether dir is one of these folders or within one.
func under(dir string, folders ...string) bool {
	return slices.ContainsFunc(folders, func(f string) bool { return dir == f || strings.HasPrefix(dir, f+"/") })
}

// production gives the files that end up in the binary.
func (t *tree) production() []*file {
	return slices.DeleteFunc(slices.Clone(t.files), func(f *file) bool { return f.test })
}

func (t *tree) at(n ast.Node) string {
	p := t.fset.Position(n.Pos())
	return fmt.Sprintf("%s:%d", p.Filename, p.Line)
}

// uses calls fn for every mention of a name of an imported package: path "net/http", name "Get".
func (f *file) uses(fn func(n ast.Node, pkg, name string)) {
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if id, ok := sel.X.(*ast.Ident); ok && id.Obj == nil {
			if pkg, ok := f.imports[id.Name]; ok {
				fn(sel, pkg, sel.Sel.Name)
			}
		}
		return true
	})
}

// texts calls fn for every string literal.
func (f *file) texts(fn func(n ast.Node, text string)) {
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		if _, ok := n.(*ast.ImportSpec); ok {
			return false
		}
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			fn(lit, strings.Trim(lit.Value, "`\""))
		}
		return true
	})
}
