package odoorpc

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"
)

// names remembers for a while which record a name stands for.
type names struct {
	mu sync.Mutex
	at map[string]name
}

type name struct {
	id    int64
	since time.Time
}

const (
	nameKept = time.Minute
	namesMax = 1000
)

// named gives the id of the record that a member names by another member; false stands for none.
func (c *client) named(ctx context.Context, l finder, raw json.RawMessage) (any, error) {
	var by map[string]*string
	switch err := json.Unmarshal(raw, &by); {
	case err != nil:
		return nil, invalid("A record of " + l.Model + " is named by its " + l.By + ", a text.")
	case by == nil || len(by) == 1 && by[l.By] == nil:
		return false, nil
	case len(by) != 1:
		return nil, invalid("A record of " + l.Model + " is named by its " + l.By + " alone.")
	}
	key := l.Model + "\x00" + l.By + "\x00" + *by[l.By]
	if id, ok := c.known.get(key, c.config.Now()); ok {
		return id, nil
	}
	id, err := c.find(ctx, l, *by[l.By])
	if err == nil {
		c.known.put(key, name{id, c.config.Now()})
	}
	return id, err
}

// find looks for the one record with a name; records that are archived are not offered.
func (c *client) find(ctx context.Context, l finder, text string) (int64, error) {
	raw, err := c.call(ctx, call{model: l.Model, method: "search_read", named: map[string]any{
		"domain": []any{[]any{l.By, "=", text}}, "fields": []string{"id"}, "order": "id", "limit": 2}})
	if err != nil {
		return 0, err
	}
	var rows []struct {
		ID int64 `json:"id"`
	}
	if err := json.Unmarshal(raw, &rows); err != nil {
		return 0, torn(err)
	}
	switch {
	case len(rows) == 0:
		return 0, invalid(fmt.Sprintf("Odoo has no %s whose %s is %q.", l.Model, l.By, text))
	case len(rows) > 1:
		return 0, invalid(fmt.Sprintf("Odoo has more than one %s whose %s is %q, and nothing says which one is meant.", l.Model, l.By, text))
	}
	return rows[0].ID, nil
}

func (n *names) get(key string, now time.Time) (int64, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	found, ok := n.at[key]
	return found.id, ok && now.Sub(found.since) < nameKept
}

func (n *names) put(key string, found name) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.at == nil || len(n.at) >= namesMax {
		n.at = map[string]name{}
	}
	n.at[key] = found
}
