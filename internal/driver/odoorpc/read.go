package odoorpc

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/rawjson"
)

// contextOf lays the manifest's context over the driver's own: archived records are records too.
func (r *reading) contextOf() map[string]any {
	merged := map[string]any{"active_test": false}
	for k, v := range r.Context {
		merged[k] = v
	}
	return merged
}

// list reads records of a model in order of id, as the node wants them.
func (c *client) list(ctx context.Context, r *reading, n *node, domain []any, limit int) ([][]byte, error) {
	columns, err := c.actuals(ctx, r.Model, n)
	if err != nil {
		return nil, err
	}
	raw, err := c.call(ctx, call{model: r.Model, method: "search_read", context: r.contextOf(),
		named: map[string]any{"domain": domain, "fields": namesOf(columns), "order": "id", "limit": limit}})
	if err != nil {
		return nil, err
	}
	return c.shape(ctx, r, columns, raw)
}

// readIn is how many related records are read at once.
const readIn = 1000

// related reads the records behind ids, as the node wants them. Those that are gone are left out; one that the user may not see is an error.
func (c *client) related(ctx context.Context, r *reading, model string, n *node, ids []int64) (map[int64][]byte, error) {
	out := make(map[int64][]byte, len(ids))
	columns, err := c.actuals(ctx, model, n)
	if err != nil {
		return nil, err
	}
	for len(ids) > 0 {
		some := ids[:min(readIn, len(ids))]
		ids = ids[len(some):]
		raw, err := c.call(ctx, call{model: model, method: "read", ids: some, context: r.contextOf(), named: map[string]any{"fields": namesOf(columns)}})
		if err != nil {
			return nil, err
		}
		records, err := c.shape(ctx, r, columns, raw)
		if err != nil {
			return nil, err
		}
		for _, record := range records {
			id, err := idOf(record)
			if err != nil {
				return nil, err
			}
			out[id] = record
		}
	}
	return out, nil
}

func namesOf(columns []actual) []string {
	names := []string{"id"}
	for _, c := range columns {
		if c.name != "id" {
			names = append(names, c.name)
		}
	}
	return names
}

// shape turns rows of Odoo into records: references become ids, times carry their zone, and related records stand within.
func (c *client) shape(ctx context.Context, r *reading, columns []actual, raw []byte) ([][]byte, error) {
	rows, err := rawjson.Split(raw)
	if err != nil {
		return nil, torn(err)
	}
	within := make([]map[int64][]byte, len(columns))
	for i, col := range columns {
		if col.within == nil {
			continue
		}
		ids, err := leadsTo(rows, col)
		if err != nil {
			return nil, err
		}
		if within[i], err = c.related(ctx, r, col.Relation, col.within, ids); err != nil {
			return nil, err
		}
	}
	records := make([][]byte, len(rows))
	var index rawjson.Index
	for i, row := range rows {
		if records[i], err = shapeOne(&index, row, columns, within); err != nil {
			return nil, err
		}
	}
	return records, nil
}

// leadsTo collects the ids that a column has in some rows, each once.
func leadsTo(rows [][]byte, col actual) ([]int64, error) {
	if col.Relation == "" {
		return nil, invalid("In this Odoo " + col.name + " does not lead to other records.")
	}
	var ids []int64
	seen := map[int64]bool{}
	var index rawjson.Index
	for _, row := range rows {
		v, err := index.Parse(row)
		if err != nil {
			return nil, torn(err)
		}
		own, err := idsIn(v.Get(col.name), col.field)
		if err != nil {
			return nil, err
		}
		for _, id := range own {
			if !seen[id] {
				seen[id], ids = true, append(ids, id)
			}
		}
	}
	return ids, nil
}

// idsIn reads a reference, [5, "its name"] or false, or a list of ids.
func idsIn(v rawjson.Value, f field) ([]int64, error) {
	one := f.Type == "many2one"
	switch {
	case v.Kind() == rawjson.False || v.Kind() == rawjson.Null:
		return nil, nil
	case one && v.Kind() == rawjson.Number:
		return appendID(nil, v)
	case v.Kind() != rawjson.Array || one && v.Len() == 0:
		return nil, torn(nil)
	case one:
		return appendID(nil, v.First())
	}
	var ids []int64
	var err error
	for e := v.First(); e.Kind() != rawjson.Missing; e = e.Next() {
		if ids, err = appendID(ids, e); err != nil {
			return nil, err
		}
	}
	return ids, nil
}

func appendID(ids []int64, v rawjson.Value) ([]int64, error) {
	id, err := strconv.ParseInt(string(v.Raw()), 10, 64)
	if err != nil {
		return nil, torn(err)
	}
	return append(ids, id), nil
}

// shapeOne writes one record.
func shapeOne(index *rawjson.Index, row []byte, columns []actual, within []map[int64][]byte) ([]byte, error) {
	v, err := index.Parse(row)
	if err != nil {
		return nil, torn(err)
	}
	if v.Get("id").Kind() != rawjson.Number {
		return nil, &driver.Error{Kind: driver.Torn, Detail: "A record has no id."}
	}
	out := append(make([]byte, 0, 2*len(row)), `{"id":`...)
	out = append(out, v.Get("id").Raw()...)
	for i, col := range columns {
		got := v.Get(col.name)
		if got.Kind() == rawjson.Missing {
			return nil, &driver.Error{Kind: driver.Torn, Detail: "A record lacks the field " + col.name + "."}
		}
		if col.own && col.member() != "id" {
			out = append(out, `,"`+col.member()+`":`...)
			if out, err = appendValue(out, got, col.field); err != nil {
				return nil, err
			}
		}
		if col.within != nil {
			out = append(out, `,"`+col.member()+`.":`...)
			if out, err = appendWithin(out, got, col.field, within[i]); err != nil {
				return nil, err
			}
		}
	}
	return append(out, '}'), nil
}

// appendValue writes a value as it is, but for references and times.
func appendValue(out []byte, v rawjson.Value, f field) ([]byte, error) {
	switch {
	case f.Type == "many2one" && v.Kind() == rawjson.Array:
		return append(out, v.First().Raw()...), nil
	case f.Type == "datetime" && v.Kind() == rawjson.String:
		t, ok := parseTime(v.Raw())
		if !ok {
			return nil, &driver.Error{Kind: driver.Torn, Detail: "A time is not written as Odoo writes times."}
		}
		return append(append(append(out, '"'), t.Format(plainTime)...), '"'), nil
	}
	return append(out, v.Raw()...), nil
}

// appendWithin writes the records that a value leads to: an object or null for a reference, else a list.
func appendWithin(out []byte, v rawjson.Value, f field, records map[int64][]byte) ([]byte, error) {
	ids, err := idsIn(v, f)
	if err != nil {
		return nil, err
	}
	if f.Type == "many2one" {
		if len(ids) == 0 || records[ids[0]] == nil {
			return append(out, "null"...), nil
		}
		return append(out, records[ids[0]]...), nil
	}
	out = append(out, '[')
	comma := false
	for _, id := range ids {
		if record := records[id]; record != nil {
			if comma {
				out = append(out, ',')
			}
			out, comma = append(out, record...), true
		}
	}
	return append(out, ']'), nil
}

func idOf(record []byte) (int64, error) {
	raw, _, err := rawjson.Find(record, "id")
	if err != nil {
		return 0, torn(err)
	}
	id, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil {
		return 0, &driver.Error{Kind: driver.Torn, Detail: "A record has no id.", Err: err}
	}
	return id, nil
}

// count counts the records of a domain.
func (c *client) count(ctx context.Context, r *reading, domain []any) (int64, error) {
	raw, err := c.call(ctx, call{model: r.Model, method: "search_count", first: &argument{"domain", domain}, context: r.contextOf()})
	if err != nil {
		return 0, err
	}
	var n int64
	if err := json.Unmarshal(raw, &n); err != nil {
		return 0, torn(err)
	}
	return n, nil
}
