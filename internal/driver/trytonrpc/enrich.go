package trytonrpc

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/busbar-dev/busbar/internal/rawjson"
)

// memory keeps what was looked up for the life of a client.
type memory struct {
	mu sync.Mutex
	at map[string][]byte
}

// enrich adds the records that `with` names to each record.
func (c *client) enrich(ctx context.Context, r *reading, records [][]byte) ([][]byte, error) {
	for _, member := range slices.Sorted(maps.Keys(r.With)) {
		value, err := c.lookUp(ctx, r.With[member])
		if err != nil {
			return nil, err
		}
		for i := range records {
			records[i] = splice(records[i], member, value)
		}
	}
	return records, nil
}

// lookUp reads a record whose id the user's context holds; null when it holds none.
func (c *client) lookUp(ctx context.Context, l lookup) ([]byte, error) {
	s, err := c.obtain(ctx, nil)
	if err != nil {
		return nil, err
	}
	id := s.preferences[l.ID]
	if len(id) == 0 || string(id) == "null" {
		return []byte("null"), nil
	}
	key := l.Model + "," + string(id) + "," + strings.Join(l.Fields, ",")
	c.looked.mu.Lock()
	defer c.looked.mu.Unlock()
	if value, ok := c.looked.at[key]; ok {
		return value, nil
	}
	raw, err := c.call(ctx, nil, "model."+l.Model+".read", []json.RawMessage{id}, l.Fields)
	if err != nil {
		return nil, err
	}
	rows, err := rawjson.Split(raw)
	if err != nil || len(rows) != 1 {
		return nil, torn(err)
	}
	c.looked.at[key] = rows[0]
	return rows[0], nil
}

// splice puts a member at the front of an object.
func splice(object []byte, member string, value []byte) []byte {
	name, err := json.Marshal(member)
	if err != nil {
		panic(err) // a string
	}
	out := make([]byte, 0, len(object)+len(name)+len(value)+2)
	out = append(out, '{')
	out = append(out, name...)
	out = append(out, ':')
	out = append(out, value...)
	out = append(out, ',')
	return append(out, object[1:]...) // every record has an id, so the object is not empty
}
