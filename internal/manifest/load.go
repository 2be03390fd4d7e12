package manifest

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/busbar-dev/busbar/internal/strictyaml"
	"github.com/busbar-dev/busbar/model"
)

// Checker checks the driver's own parts of a manifest; drivers implement it.
type Checker interface{ Check(s *System) Problems }

const manifestFile, guideFile = "manifest.yaml", "guide.md"

// Load reads every folder of fsys that holds a manifest.yaml, checks it against the model and with the driver named in it (checkers by
// driver name; a nil map leaves the drivers' parts unchecked), and gives them all, or a Problems error that names everything
// wrong in all of them.
func Load(fsys fs.FS, m *model.Model, checkers map[string]Checker) (*Registry, error) {
	files, err := fs.Glob(fsys, "*/"+manifestFile)
	if err != nil {
		return nil, fmt.Errorf("list the connectors: %w", err)
	}
	var all Problems
	r := &Registry{}
	for _, file := range files {
		s, err := LoadSystem(fsys, path.Dir(file), m, checkers)
		var problems Problems
		switch {
		case errors.As(err, &problems):
			all = append(all, problems...)
		case err != nil:
			return nil, err
		default:
			r.systems = append(r.systems, s)
		}
	}
	if len(all) > 0 {
		return nil, all
	}
	return r, nil
}

// LoadSystem reads and checks the manifest of one folder of fsys, as Load does.
func LoadSystem(fsys fs.FS, folder string, m *model.Model, checkers map[string]Checker) (*System, error) {
	file := path.Join(folder, manifestFile)
	text, err := fs.ReadFile(fsys, file)
	if err != nil {
		return nil, fmt.Errorf("read the manifest of %s: %w", folder, err)
	}
	b := &builder{decoder: decoder{File: file}, model: m, checkers: checkers, system: &System{}}
	if b.parse(text) {
		b.build(path.Base(folder))
		b.guide(fsys, folder)
		b.driver()
	}
	if len(b.Problems) > 0 {
		b.Problems.Sort()
		return nil, b.Problems
	}
	return b.system, nil
}

// builder makes a System from a manifest's nodes and collects what is wrong.
type builder struct {
	decoder
	root     *yaml.Node
	model    *model.Model
	checkers map[string]Checker
	system   *System
}

// parse reads the YAML; the builder goes on only with a mapping.
func (b *builder) parse(text []byte) bool {
	b.root, b.Problems = strictyaml.Parse(b.File, text, "a manifest", "see docs/connectors/manifest.md")
	return b.root != nil
}

// problem reports the value at a place of the manifest.
func (b *builder) problem(message, mend string, at ...string) {
	place := position(b.File, b.root, at)
	b.Problems = append(b.Problems, Problem{Pos: place, Path: strings.Join(at, "."), Message: message, Mend: mend})
}

func (b *builder) guide(fsys fs.FS, folder string) {
	text, err := fs.ReadFile(fsys, path.Join(folder, guideFile))
	if err != nil || len(strings.TrimSpace(string(text))) == 0 {
		b.problem("has no "+guideFile, "write how to get the credentials into "+path.Join(folder, guideFile))
	}
	b.system.Guide = string(text)
}

// driver lets the driver check its own parts. It is asked only when the rest is sound, so that it may rely on that.
func (b *builder) driver() {
	if b.checkers == nil || b.system.Driver == "" {
		return
	}
	checker, ok := b.checkers[b.system.Driver]
	if !ok {
		var names []string
		for name := range b.checkers {
			names = append(names, name)
		}
		slices.Sort(names)
		b.problem("unknown driver "+strconv.Quote(b.system.Driver), suggest(b.system.Driver, names), "driver")
		return
	}
	b.Problems = append(b.Problems, checker.Check(b.system)...)
	if d, ok := checker.(interface{ Forms() Forms }); ok && d.Forms().TLS {
		b.system.offerTLS()
	}
}
