package model

import (
	"fmt"
	"slices"
	"strings"
)

// place is a line of a model file.
type place struct {
	file string
	line int
}

// Problem is one thing wrong with the model's files, and how to mend it.
type Problem struct {
	File    string
	Line    int
	Path    string // fields.status.values
	Message string // what is wrong
	Mend    string // what to write instead
}

func (p Problem) String() string {
	s := fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Message)
	if p.Path != "" {
		s = fmt.Sprintf("%s:%d: %s: %s", p.File, p.Line, p.Path, p.Message)
	}
	if p.Mend != "" {
		s += "; " + p.Mend
	}
	return s
}

// Problems is everything wrong with the model's files, by file and line. It is an error when it is not empty.
type Problems []Problem

func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

func (ps *Problems) add(at place, path, message, mend string) {
	*ps = append(*ps, Problem{at.file, at.line, path, message, mend})
}

// err gives the problems in order, or nil when there are none.
func (ps Problems) err() error {
	if len(ps) == 0 {
		return nil
	}
	slices.SortStableFunc(ps, func(a, b Problem) int {
		if c := strings.Compare(a.File, b.File); c != 0 {
			return c
		}
		return a.Line - b.Line
	})
	return ps
}
