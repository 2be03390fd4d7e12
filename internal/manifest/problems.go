package manifest

import (
	"fmt"
	"strings"
)

// Pos is a place in a manifest.
type Pos struct {
	File         string
	Line, Column int
}

// Problem is one thing wrong with a manifest, and how to mend it.
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

// Problems is every problem of a manifest, in the order of its lines. It is an error when it is not empty.
type Problems []Problem

func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}
