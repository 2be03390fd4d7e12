package api

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/spelling"
	"github.com/busbar-dev/busbar/internal/write"
)

// itemMembers are the members of an item.
var itemMembers = []string{"op", "client_ref", "id", "if_match", "data"}

// batchItemOf reads an item, of which the syntax was checked. What is wrong with it goes with it: it is rejected with that, beside the others.
func batchItemOf(text []byte, fault error) write.BatchItem {
	var members map[string]jsontext.Value
	if err := jsonv2.Unmarshal(text, &members); err != nil || members == nil {
		p := problem.New(problem.ValidationFailed, `An item is a JSON object: {"op": "create", "data": {…}}.`)
		return write.BatchItem{Fault: p.At("", problem.Invalid, "An object is wanted.")}
	}
	r := itemReader{members: members, fault: &problem.Error{Code: problem.ValidationFailed}}
	it := r.item()
	if fault != nil {
		r.fault.Items = append(r.fault.Items, problemOf(fault).Items...)
	}
	if len(r.fault.Items) > 0 {
		r.fault.Detail = problem.Summary(r.fault.Items)
		it.Fault = r.fault
	}
	return it
}

// itemReader takes the members of one item and gathers what is wrong with them.
type itemReader struct {
	members map[string]jsontext.Value
	fault   *problem.Error
}

func (r *itemReader) item() write.BatchItem {
	it := write.BatchItem{ClientRef: r.text("client_ref", longestRef), Op: manifest.Op(r.text("op", 0)), ID: r.text("id", 0), IfMatch: r.text("if_match", 0)}
	r.data(&it)
	r.fits(it)
	if !slices.Contains(manifest.Ops(), it.Op) {
		it.Op = "" // what is no operation is not kept
	}
	if it.IfMatch != "" {
		tags, err := parseIfMatch("/if_match", it.IfMatch)
		if err != nil {
			r.fault.Items = append(r.fault.Items, problemOf(err).Items...)
		}
		it.IfMatch = tags
	}
	for _, name := range slices.Sorted(maps.Keys(r.members)) {
		if !slices.Contains(itemMembers, name) {
			r.fault.At("/"+cut(name), problem.Unknown, "An item has no such member"+orMeant(name, itemMembers))
		}
	}
	return it
}

// fits checks that the members are those that the operation takes.
func (r *itemReader) fits(it write.BatchItem) {
	switch {
	case r.members["op"] == nil:
		r.fault.At("/op", problem.Required, "It must be given: create, update or delete.")
		return
	case !slices.Contains(manifest.Ops(), it.Op):
		r.fault.At("/op", problem.Invalid, "It is one of create, update and delete.")
		return
	case it.Op == manifest.Create && it.ID != "":
		r.fault.At("/id", problem.Invalid, "A record that is created has no id yet.")
	case it.Op != manifest.Create && it.ID == "":
		r.fault.At("/id", problem.Required, "It must be given.")
	}
	switch {
	case it.Op == manifest.Delete && r.members["data"] != nil:
		r.fault.At("/data", problem.Invalid, "A deletion has no fields.")
	case it.Op != manifest.Delete && r.members["data"] == nil:
		r.fault.At("/data", problem.Required, "It must be given.")
	}
}

func (r *itemReader) data(it *write.BatchItem) {
	value := r.members["data"]
	if value == nil {
		return
	}
	if value.Kind() != '{' {
		r.fault.At("/data", problem.Invalid, "The fields of the record are a JSON object.")
		return
	}
	it.Data = json.RawMessage(bytes.Clone(value))
}

// text gives a member that is text; most bounds its bytes, unless it is 0.
func (r *itemReader) text(name string, most int) string {
	value := r.members[name]
	if value == nil {
		return ""
	}
	var text string
	if value.Kind() != '"' || jsonv2.Unmarshal(value, &text) != nil {
		r.fault.At("/"+name, problem.Invalid, "Text is wanted.")
		return ""
	}
	if most > 0 && len(text) > most {
		r.fault.At("/"+name, problem.OutOfRange, "It may have 255 bytes.")
		return ""
	}
	return text
}

// orMeant ends a sentence about a name, with a guess at what was meant where there is one.
func orMeant(name string, known []string) string {
	if near := spelling.Near(name, known); len(near) > 0 {
		return "; did you mean " + near[0] + "?"
	}
	return "."
}
