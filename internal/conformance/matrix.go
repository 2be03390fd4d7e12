package conformance

import (
	"fmt"
	"strings"

	"github.com/busbar-dev/busbar/internal/manifest"
)

// columns of the matrix, in order.
func columns() []string {
	return []string{"read", "incremental", "deletions", "create", "update", "delete", "moves", "bulk"}
}

// Cell is what is claimed of one thing that can be done with an entity, and what a run of the suite saw of it.
type Cell struct {
	Claimed   bool
	Evidence  string // what the manifest says proves it
	Exercised bool   // by this run, and it was well
}

func (c Cell) String() string {
	switch {
	case !c.Claimed && !c.Exercised:
		return "-"
	case c.Exercised:
		return "✓ " + c.Evidence
	}
	return "· " + c.Evidence
}

// Matrix is what can be done with a system, and what of it was exercised.
type Matrix struct {
	Entities []string
	Cells    map[[2]string]Cell
}

func (m Matrix) String() string {
	var b strings.Builder
	wide := map[string]int{"entity": len("entity")}
	for _, col := range columns() {
		wide[col] = len(col)
	}
	for _, e := range m.Entities {
		wide["entity"] = max(wide["entity"], len(e))
		for _, col := range columns() {
			wide[col] = max(wide[col], len([]rune(m.Cells[[2]string{e, col}].String())))
		}
	}
	line := func(first string, rest func(string) string) {
		fmt.Fprintf(&b, "%-*s", wide["entity"], first)
		for _, col := range columns() {
			fmt.Fprintf(&b, "  %-*s", wide[col], rest(col))
		}
		b.WriteString("\n")
	}
	line("entity", func(col string) string { return col })
	for _, e := range m.Entities {
		line(e, func(col string) string { return m.Cells[[2]string{e, col}].String() })
	}
	b.WriteString("✓ exercised by this run   · claimed, not exercised   - not offered\n")
	return b.String()
}

// matrix puts the cells together, and notes where the manifest claims what this run should have exercised and did not, or less than it saw.
func (s *suite) matrix() Matrix {
	m := Matrix{Cells: map[[2]string]Cell{}}
	k := &checking{suite: s, name: "the manifest claims what it can"}
	for _, e := range s.connector.Entities {
		if !s.wants(e.Name) {
			continue
		}
		m.Entities = append(m.Entities, e.Name)
		for _, col := range columns() {
			cell := s.cell(e, col)
			m.Cells[[2]string{e.Name, col}] = cell
			k.judge(e, col, cell)
		}
	}
	if len(k.rows) == 0 {
		k.rows = append(k.rows, Row{k.name, "", OK, ""})
	}
	s.rows = append(s.rows, k.rows...)
	return m
}

// proof is the evidence that this run gives.
func (s *suite) proof() string {
	switch {
	case s.connector.Simulated, s.Simulator:
		return "simulated"
	case s.Version == "":
		return "live and the system's version"
	}
	return "live " + s.Version
}

// evidence is what the manifest says of an operation for the version that runs, or else of any.
func (s *suite) evidence(e *manifest.Entity, op string) string {
	for name, text := range e.Evidence {
		if (name == op || strings.HasPrefix(name, op+"_")) && text == s.proof() {
			return text
		}
	}
	return e.Evidence[op]
}

func (s *suite) cell(e *manifest.Entity, col string) Cell {
	at := [2]string{e.Name, col}
	c := Cell{Evidence: s.evidence(e, col), Exercised: s.seen[at] && !s.broken[at]}
	switch col {
	case "read":
		c.Claimed = true
	case "incremental":
		c.Claimed, c.Evidence = e.Cursor != nil, s.evidence(e, "read")
	case "deletions":
		c.Claimed, c.Evidence = e.Deletions == "sweep", s.evidence(e, "read")
	case "moves":
		c.Claimed, c.Evidence = e.Moves != nil && len(e.Operations) > 0, s.evidence(e, "update")
	case "bulk":
		for _, op := range manifest.Ops() {
			if o, ok := e.Operations[op]; ok && o.Bulk != nil {
				c.Claimed, c.Evidence = true, s.evidence(e, string(op))
			}
		}
	default:
		_, c.Claimed = e.Operations[manifest.Op(col)]
	}
	if !c.Claimed {
		c.Evidence = ""
	}
	return c
}

// checkOf gives the check that exercises a column.
func checkOf(col string) string {
	switch col {
	case "incremental", "deletions":
		return "changes are found"
	case "bulk":
		return "writes for many"
	}
	return col
}

// provable says whether the stand lets a column be exercised at all; else why not.
func (s *suite) provable(e, col string) string {
	if why := s.Unproven[col+" "+e]; why != "" {
		return why
	}
	if s.Checks != nil && col != "read" && !contains(s.Checks, checkOf(col)) {
		return "its check was not asked for"
	}
	switch col {
	case "read":
		if s.counts[e] == 0 {
			return "the system holds no record of it"
		}
	case "incremental":
		if s.Hands == nil || !contains(s.Touches, e) && !contains(s.Adds, e) {
			return "nobody else changes it on this stand"
		}
	case "deletions":
		if s.Hands == nil || !contains(s.Removes, e) {
			return "nobody else deletes it on this stand"
		}
	default:
		return noWrites(s)
	}
	return ""
}

func (c *checking) judge(e *manifest.Entity, col string, cell Cell) {
	proof, why := c.proof(), c.provable(e.Name, col)
	doubt := c.Unproven["evidence "+e.Name]
	switch {
	case cell.Claimed && cell.Exercised && cell.Evidence == "documented" && doubt != "":
		c.notChecked(e.Name, "%s: it works here, and stays documented: %s", col, doubt)
	case cell.Claimed && cell.Exercised && cell.Evidence == "documented":
		c.failed(e.Name, "%s claims too little: it is documented, and this run exercised it; write %s (%s)", col, proof, c.place(e.Name))
	case cell.Claimed && !cell.Exercised && cell.Evidence == proof && why == "":
		c.failed(e.Name, "%s claims %s, and this run did not see it work; make it work, or write documented (%s)", col, cell.Evidence, c.place(e.Name))
	case cell.Claimed && !cell.Exercised && why != "" && c.main != nil:
		c.notChecked(e.Name, "%s: %s", col, why)
	}
}
