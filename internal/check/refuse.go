package check

import (
	"fmt"
	"slices"

	"github.com/busbar-dev/busbar/internal/problem"
)

// refused makes the problem of all the faults; its code is that of the most telling one.
func (c *checker) refused() *problem.Error {
	code := codeOf(c.faults)
	if c.stale {
		p := problem.Newf(problem.VersionMismatch, "The record has version %s now. Read it, and decide by what it shows.", c.Current.Version)
		p.Items = c.faults
		return p.With("current_version", c.Current.Version)
	}
	if len(c.faults) == 0 {
		return nil
	}
	if len(c.faults) == 1 {
		return cited(code, c.faults[0])
	}
	p := problem.Newf(code, "%d faults keep this from being written. Mend each entry of errors, then send it again.", len(c.faults))
	p.Items = c.faults
	return p
}

// cited makes the problem of one fault, and names its rule.
func cited(code problem.Code, i problem.Item) *problem.Error {
	detail := i.Detail
	if i.Rule != "" {
		detail = fmt.Sprintf("%s The rule is %s.", detail, i.Rule)
	}
	p := problem.New(code, detail)
	p.Items = []problem.Item{i}
	return p
}

func codeOf(faults []problem.Item) problem.Code {
	for _, row := range []struct {
		code   problem.Code
		faults []problem.Fault
	}{
		{problem.FieldNotWritable, []problem.Fault{problem.NotWritable, problem.NotSupported}},
		{problem.StateForbids, []problem.Fault{problem.ForbiddenByState}},
		{problem.ReferenceUnknown, []problem.Fault{problem.UnknownReference}},
	} {
		if slices.ContainsFunc(faults, func(i problem.Item) bool { return slices.Contains(row.faults, i.Code) }) {
			return row.code
		}
	}
	return problem.ValidationFailed
}
