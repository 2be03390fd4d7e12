package odoorpc

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/web"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/rawjson"
)

// WriteMany implements driver.Writer. Odoo does one call in one transaction, so that all of it has an effect or none, also where nobody asks for that.
func (c *client) WriteMany(ctx context.Context, cs []driver.Command, atomic bool) ([]driver.Result, error) {
	results := make([]driver.Result, len(cs))
	var ready []*write
	var places []int
	for i, command := range cs {
		w, err := c.prepareOneOfMany(ctx, command)
		switch {
		case err != nil && (atomic || web.As(web.Before(err)).Unsent):
			return nil, web.Before(err)
		case err != nil:
			results[i].Err = err
		default:
			ready, places = append(ready, w), append(places, i)
		}
	}
	if len(ready) == 0 {
		return results, nil
	}
	done, err := c.sendMany(ctx, ready)
	if err != nil && len(ready) == len(cs) {
		return nil, err
	}
	for n, i := range places {
		if results[i].Err = err; err == nil {
			results[i] = done[n]
		}
	}
	return results, nil
}

func (c *client) prepareOneOfMany(ctx context.Context, command driver.Command) (*write, error) {
	if command.Move != nil || command.Op == manifest.Update {
		return nil, invalid("Odoo changes several records at once only alike; such changes are sent one by one.")
	}
	return c.prepare(ctx, command)
}

func (c *client) sendMany(ctx context.Context, ws []*write) ([]driver.Result, error) {
	_, answer, err := c.effect(ctx, joined(ws))
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
func joined(ws []*write) call {
	k := call{model: ws[0].sending.Model, method: ws[0].call.method}
	values := []any{}
	for _, w := range ws {
		values = append(values, w.values)
		k.ids = append(k.ids, w.id)
	}
	if ws[0].Op == manifest.Create {
		k.ids, k.first = nil, &argument{"vals_list", values}
	}
	return k
}

// createdMany finds the new records by their marks: the order of the answer proves nothing.
func (c *client) createdMany(ctx context.Context, ws []*write, answer []byte) []driver.Result {
	results := make([]driver.Result, len(ws))
	records, err := c.byMark(ctx, ws)
	for i, w := range ws {
		record := records[w.Mark]
		id, failed := idOf(record)
		if err != nil || failed != nil {
			results[i].Err = &driver.Error{Kind: driver.Torn, Detail: "Odoo made the records, and does not say which one came of this write.", Answer: answer, Err: err}
			continue
		}
		results[i].Written = driver.Written{RemoteID: strconv.FormatInt(id, 10), Answer: answer}
	}
	return results
}

// byMark gives the records, with nothing but their ids and marks, by the mark that they carry; a mark that more than one carries leads to none.
func (c *client) byMark(ctx context.Context, ws []*write) (map[string][]byte, error) {
	list, member := markPath(ws[0].Entity)
	if list == "" {
		return nil, invalid("The manifest names no member for marks.")
	}
	var marks []string
	for _, w := range ws {
		marks = append(marks, w.Mark)
	}
	n := &node{}
	n.add(list + "." + member)
	records, err := c.list(ctx, ws[0].reading, n, []any{[]any{list + "." + member, "in", marks}}, 2*len(ws))
	if err != nil {
		return nil, err
	}
	found := map[string][]byte{}
	for _, record := range records {
		for _, mark := range marksIn(record, list, member) {
			if _, twice := found[mark]; twice {
				record = nil
			}
			found[mark] = record
		}
	}
	return found, nil
}

// marksIn gives the texts of a member of a record's list.
func marksIn(record []byte, list, member string) (marks []string) {
	raw, _, _ := rawjson.Find(record, list+".")
	var within []map[string]json.RawMessage
	_ = json.Unmarshal(raw, &within)
	for _, one := range within {
		if mark, ok := unquote(one[member]); ok {
			marks = append(marks, mark)
		}
	}
	return marks
}

// markPath is where new records of the entity carry the mark: a list and a member of its elements.
func markPath(e *manifest.Entity) (list, member string) {
	for _, rung := range e.Operations[manifest.Create].Ladder {
		if rung.Class == manifest.W3 && len(rung.Member) == 2 {
			return strings.TrimSuffix(rung.Member[0], "."), rung.Member[1]
		}
	}
	return "", ""
}
