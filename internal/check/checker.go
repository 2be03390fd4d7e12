package check

import (
	"slices"
	"strings"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/rawjson"
)

// checker is one check under way.
type checker struct {
	Input
	data     rawjson.Value   // what was sent
	now      rawjson.Value   // the record as it is; missing when it is created
	drop     map[string]bool // pointers of members that are not sent
	faults   []problem.Item
	warnings []problem.Item
	stale    bool // If-Match names another version

	asksStatus bool // a status that moves govern
}

func (c *checker) fault(i problem.Item) {
	known := func(f problem.Item) bool { return f.Pointer == i.Pointer && f.Pointer != "" }
	if !slices.ContainsFunc(c.faults, known) {
		c.faults = append(c.faults, i)
	}
}

func (c *checker) operation() manifest.Operation { return c.Entity.Operations[c.Op] }

// refusal is what makes everything else pointless: the operation is not offered, or there is no record.
func (c *checker) refusal() *problem.Error {
	_, declared := c.Entity.Operations[c.Op]
	switch {
	case slices.Contains(c.Rules.Forbidden, c.Op):
		return cited(problem.NotSupportedBySystem, problem.Item{Code: problem.NotSupported, Rule: manifest.ConnectionForbidsRule(c.Entity.Name, c.Op),
			Detail: "The rules of this connection forbid to " + string(c.Op) + " " + c.Entity.Name + "."})
	case !declared:
		return cited(problem.NotSupportedBySystem, problem.Item{Code: problem.NotSupported, Rule: manifest.OperationRule(c.Entity.Name, c.Op),
			Detail: c.System.Name + " offers no way to " + string(c.Op) + " " + c.Entity.Name + ". GET /v1/capabilities shows what it offers."})
	case c.Op == manifest.Create:
		return nil
	case c.Current == nil:
		return problem.Newf(problem.NotFound, "There is no %s with this id in this connection.", c.Entity.Model.Singular)
	case c.Current.Deleted:
		return problem.Newf(problem.NotFound, "This %s is deleted in %s.", c.Entity.Model.Singular, c.System.Name)
	}
	return nil
}

// matches compares If-Match with the version of the record.
func (c *checker) matches() {
	if c.IfMatch == "" || c.Current == nil {
		return
	}
	for tag := range strings.SplitSeq(c.IfMatch, ",") {
		tag = strings.Trim(strings.TrimPrefix(strings.TrimSpace(tag), "W/"), `"`)
		if tag == "*" || tag == c.Current.Version {
			return
		}
	}
	c.stale = true
}

// read parses what was sent and the record as it is.
func (c *checker) read() bool {
	var sent, stored rawjson.Index
	var err error
	if c.data, err = sent.Parse(c.Data); err != nil || c.data.Kind() != rawjson.Object {
		c.fault(problem.Item{Code: problem.Invalid, Detail: "A write is a JSON object of fields, each named once. Send one."})
		return false
	}
	if c.Current == nil {
		return true
	}
	if c.now, err = stored.Parse(c.Current.JSON); err != nil {
		c.fault(problem.Item{Code: problem.Invalid, Detail: "The stored record cannot be read. Sync it again."})
	}
	return err == nil
}
