package check

import (
	"strconv"
	"strings"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/rawjson"
	"github.com/busbar-dev/busbar/model"
)

// required finds what a new record, or a line that an update adds, must have and has not.
func (c *checker) required() {
	own, rule := c.Entity.Operations[manifest.Create].Required, manifest.RequiredRule(c.Entity.Name)
	r := requirement{c, rule, c.System.Name + " needs this for every new " + c.Entity.Model.Singular + "; give it a value."}
	for _, name := range own {
		r.want(c.data, c.Entity.Model.Fields, name, "")
	}
	r.rule, r.detail = manifest.ConnectionRequiredRule(c.Entity.Name), "The rules of this connection want this for every new "+c.Entity.Model.Singular+"; give it a value."
	for _, name := range c.Rules.Required {
		r.want(c.data, c.Entity.Model.Fields, name, "")
	}
}

type requirement struct {
	*checker
	rule, detail string
}

// want looks for a field in an object, or in every line of a list.
func (r requirement) want(v rawjson.Value, fields []*model.Field, name, at string) {
	outer, inner, deep := strings.Cut(name, ".")
	f := fieldOf(fields, outer)
	switch {
	case f == nil:
	case deep && f.Kind == model.List:
		r.lines(v.Get(f.Name), f, inner, at+manifest.Path{f.Name}.Pointer())
	case deep && r.Op != manifest.Create && at == "": // an object that is there
	case deep:
		r.want(v.Get(f.Name), f.Fields, inner, at+manifest.Path{f.Name}.Pointer())
	case r.Op == manifest.Create || at != "":
		r.need(v, f, at)
	}
}

// lines looks into those that are new.
func (r requirement) lines(list rawjson.Value, f *model.Field, name, at string) {
	i := 0
	for e := list.First(); e.Kind() != rawjson.Missing; e = e.Next() {
		if e.Kind() == rawjson.Object && (r.Op == manifest.Create || !isGiven(e.Get("id")) && !isGiven(e.Get("remote_id"))) {
			r.want(e, f.Items.Fields, name, at+"/"+strconv.Itoa(i))
		}
		i++
	}
}

func (r requirement) need(v rawjson.Value, f *model.Field, at string) {
	names := f.WireNames()
	if f.Kind == model.Ref {
		names = append(names, f.Name)
	}
	for _, name := range names {
		if filled(f, v.Get(name)) {
			return
		}
	}
	r.fault(problem.Item{Pointer: at + manifest.Path{names[0]}.Pointer(), Code: problem.Required, Detail: r.detail, Rule: r.rule})
}

// filled tells whether a value says something.
func filled(f *model.Field, v rawjson.Value) bool {
	switch {
	case !isGiven(v):
		return false
	case f.Kind == model.Money && v.Kind() == rawjson.Object:
		return isGiven(v.Get("amount"))
	case f.Kind == model.Quantity && v.Kind() == rawjson.Object:
		return isGiven(v.Get("value"))
	case f.Kind == model.List || f.Kind == model.Refs:
		return v.Kind() != rawjson.Array || v.Len() > 0
	}
	return true
}
