package strictyaml

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Pos is a place in a document.
type Pos struct {
	File         string
	Line, Column int
}

// Problem is one thing wrong with a document, and how to mend it.
type Problem struct {
	Pos     Pos
	Path    string // entities.vendors.fields.name
	Message string // what is wrong
	Mend    string // what to write instead
}

func (p Problem) String() string {
	s := fmt.Sprintf("%s:%d:%d: ", p.Pos.File, p.Pos.Line, p.Pos.Column)
	if p.Path != "" {
		s += p.Path + ": "
	}
	s += p.Message
	if p.Mend != "" {
		s += "; " + p.Mend
	}
	return s
}

// Problems is every problem of a document, in the order of its lines. It is an error when it is not empty.
type Problems []Problem

func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Sort puts problems in the order of their lines.
func (ps Problems) Sort() {
	slices.SortStableFunc(ps, func(a, b Problem) int { return cmp.Compare(a.Pos.Line, b.Pos.Line) })
}
