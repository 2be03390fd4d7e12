package trytonrpc

import (
	"context"
	"encoding/json"
	"maps"
	"strconv"
	"strings"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/web"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/rawjson"
)

// WriteMany implements driver.Writer. Tryton does one call in one transaction, so that all of it has an effect or none, also where nobody asks for that.
func (c *client) WriteMany(ctx context.Context, cs []driver.Command, atomic bool) ([]driver.Result, error) {
	results := make([]driver.Result, len(cs))
	var ready []*write
	var places []int
	for i, command := range cs {
		w, err := c.prepare(ctx, command)
		switch {
		case err != nil && (atomic || unsentAll(err)):
			return nil, web.Before(err)
		case err != nil:
			results[i].Err = err
		case w.Move != nil:
			return nil, invalid("Changes of status are sent one by one.")
		default:
			ready, places = append(ready, w), append(places, i)
		}
	}
	if len(ready) == 0 {
		return results, nil
	}
	done, err := c.sendMany(ctx, ready)
	for n, i := range places {
		if err == nil {
			results[i] = done[n]
		}
	}
	if err != nil && len(ready) < len(cs) { // those that were not sent have errors of their own
		for _, i := range places {
			results[i].Err = err
		}
		err = nil
	}
	return results, err
}

// unsentAll tells an error that would be the same for every write of one that concerns its own.
func unsentAll(err error) bool {
	e, ok := asError(web.Before(err))
	return !ok || e.Unsent
}

func (c *client) sendMany(ctx context.Context, ws []*write) ([]driver.Result, error) {
	params, more := joined(ws)
	_, answer, err := c.effect(ctx, more, ws[0].method, params...)
	if err != nil {
		return nil, err
	}
	if ws[0].Op == manifest.Create {
		return c.createdMany(ctx, ws, answer), nil
	}
	results := make([]driver.Result, len(ws))
	for i, w := range ws {
		results[i].Written = driver.Written{RemoteID: w.RemoteID, Answer: answer}
	}
	return results, nil
}

// joined makes one call of several of the same method.
func joined(ws []*write) (params []any, more map[string]any) {
	more = map[string]any{}
	stamps := map[string]string{}
	var values []any
	var ids []int64
	for _, w := range ws {
		if own, ok := w.context[stampField].(map[string]string); ok {
			maps.Copy(stamps, own)
			more[stampField] = stamps
		}
		switch w.Op {
		case manifest.Create:
			values = append(values, w.params[0].([]any)...) //nolint:errcheck // made by prepareCreate
		case manifest.Update:
			params = append(params, w.params...)
		default:
			ids = append(ids, w.id)
		}
	}
	switch ws[0].Op {
	case manifest.Create:
		params = []any{values}
	case manifest.Delete:
		params = []any{ids}
	}
	return params, more
}

// createdMany finds the new records by their marks: the order of the answer proves nothing.
func (c *client) createdMany(ctx context.Context, ws []*write, answer []byte) []driver.Result {
	results := make([]driver.Result, len(ws))
	ids, err := c.byMark(ctx, ws)
	records := map[int64][]byte{}
	if err == nil {
		records = c.readMany(ctx, ws[0].reading, ids)
	}
	for i, w := range ws {
		id, ok := ids[w.Mark]
		if !ok {
			results[i].Err = &driver.Error{Kind: driver.Torn, Detail: "Tryton made the records, and does not say which one came of this write.", Answer: answer, Err: err}
			continue
		}
		results[i].Written = driver.Written{RemoteID: strconv.FormatInt(id, 10), Record: records[id], Answer: answer}
	}
	return results
}

// byMark gives the ids of records by the mark that they carry; a mark that more than one carries leads to none.
func (c *client) byMark(ctx context.Context, ws []*write) (map[string]int64, error) {
	path := markPath(ws[0].Entity)
	var marks []string
	for _, w := range ws {
		marks = append(marks, w.Mark)
	}
	field := fieldOf(path)
	records, err := c.some(ctx, ws[0].reading, []any{field, "in", marks}, []string{field}, 2*len(ws))
	if err != nil {
		return nil, err
	}
	ids, twice := map[string]int64{}, map[string]bool{}
	for _, record := range records {
		id, err := idOf(record)
		if err != nil {
			return nil, err
		}
		for _, mark := range texts(record, path) {
			_, seen := ids[mark]
			twice[mark] = twice[mark] || seen
			ids[mark] = id
		}
	}
	maps.DeleteFunc(ids, func(mark string, _ int64) bool { return twice[mark] })
	return ids, nil
}

// readMany reads the records behind the ids as a page has them; what cannot be read is left out.
func (c *client) readMany(ctx context.Context, r *reading, ids map[string]int64) map[int64][]byte {
	var wanted []int64
	for _, id := range ids {
		wanted = append(wanted, id)
	}
	out := map[int64][]byte{}
	records, err := c.some(ctx, r, []any{"id", "in", wanted}, r.Fields, len(wanted))
	if err != nil {
		return out
	}
	for _, record := range records {
		if id, err := idOf(record); err == nil {
			out[id] = record
		}
	}
	return out
}

// markPath is where new records of the entity carry the mark.
func markPath(e *manifest.Entity) manifest.Path {
	for _, rung := range e.Operations[manifest.Create].Ladder {
		if rung.Class == manifest.W3 {
			return rung.Member
		}
	}
	return nil
}

// fieldOf writes a path as search_read takes it: notes./message is notes.message.
func fieldOf(p manifest.Path) string { return strings.Join(p, "") }

// texts gives the texts at a path, of each element of lists on the way.
func texts(record []byte, p manifest.Path) []string {
	if len(p) == 0 {
		text, ok := unquote(record)
		if !ok {
			return nil
		}
		return []string{text}
	}
	var object map[string]json.RawMessage
	if len(record) > 0 && record[0] == '[' {
		elements, err := rawjson.Split(record)
		if err != nil {
			return nil
		}
		var all []string
		for _, e := range elements {
			all = append(all, texts(e, p)...)
		}
		return all
	}
	if json.Unmarshal(record, &object) != nil {
		return nil
	}
	return texts(object[p[0]], p[1:])
}
