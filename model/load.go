package model

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

//go:embed *.yaml
var files embed.FS

const (
	recordFile = "_record.yaml"
	kindsFile  = "_kinds.yaml"
)

// Load gives the model that is built into the binary. The error, if any, is Problems.
func Load() (*Model, error) { return LoadFS(files) }

// LoadFS reads a model from the top folder of fsys: _record.yaml, _kinds.yaml and one <entity>.yaml per entity. An error of type
// Problems names everything that is wrong in all files.
func LoadFS(fsys fs.FS) (*Model, error) {
	names, err := fs.Glob(fsys, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list the model's files: %w", err)
	}
	slices.Sort(names)
	l := &loader{m: &Model{}}
	for _, name := range names {
		if err := l.file(fsys, name); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(l.m.Entities, func(a, b *Entity) int { return strings.Compare(a.Name, b.Name) })
	l.complete()
	if err := l.problems.err(); err != nil {
		return nil, err
	}
	return l.m, nil
}

type loader struct {
	m        *Model
	problems Problems
}

// complete fills in what is derived and checks what concerns several fields or files. Files with mistakes of form are
// reported first: what follows from them would only be noise.
func (l *loader) complete() {
	if len(l.problems) > 0 {
		return
	}
	c := &checker{m: l.m, problems: &l.problems}
	c.check()
	if len(l.problems) > 0 {
		return
	}
	fillExamples(l.m)
	c.checkExamples()
}

func (l *loader) file(fsys fs.FS, name string) error {
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		return fmt.Errorf("read the model file %s: %w", name, err)
	}
	p := &parser{file: name, problems: &l.problems}
	root := p.document(text)
	if root == nil {
		return nil
	}
	switch name {
	case recordFile:
		l.m.Record = p.record(root)
	case kindsFile:
		l.m.Kinds = p.kinds(root)
	default:
		l.m.Entities = append(l.m.Entities, p.entity(root))
	}
	return nil
}

// document gives the one mapping that a file must hold, or nil with a problem.
func (p *parser) document(text []byte) *yaml.Node {
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		line, message := syntaxError(err)
		p.problems.add(place{p.file, line}, "", message, "correct the YAML")
		return nil
	}
	if len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		p.problems.add(place{p.file, 1}, "", "is not a mapping", "write the keys of the file at its left edge")
		return nil
	}
	return doc.Content[0]
}

// syntaxError splits the parser's error, which has the line only in its text.
func syntaxError(err error) (line int, message string) {
	message = strings.TrimPrefix(err.Error(), "yaml: ")
	if _, scan := fmt.Sscanf(message, "line %d:", &line); scan != nil {
		return 1, message
	}
	_, message, _ = strings.Cut(message, ": ")
	return line, message
}
