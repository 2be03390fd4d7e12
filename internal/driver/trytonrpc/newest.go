package trytonrpc

import (
	"context"
	"encoding/json"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
)

// newest gives the latest stamp of the model and of the models whose changes count as its own; zero when they are empty. A
// related model that cannot be listed only makes it earlier, which repeats records and loses none.
func (c *client) newest(ctx context.Context, r *reading) (time.Time, error) {
	latest, err := c.newestOf(ctx, r.Model, r.Archived)
	if err != nil {
		return time.Time{}, err
	}
	for _, related := range r.ChangesWith {
		if related.Model == "" {
			continue
		}
		t, err := c.newestOf(ctx, related.Model, related.Archived)
		if err != nil {
			return time.Time{}, err
		}
		if t.After(latest) {
			latest = t
		}
	}
	return latest, nil
}

func (c *client) newestOf(ctx context.Context, model string, archived bool) (time.Time, error) {
	var latest time.Time
	for _, field := range []string{"write_date", "create_date"} {
		t, err := c.highest(ctx, model, archived, field)
		if err != nil {
			return time.Time{}, err
		}
		if t.After(latest) {
			latest = t
		}
	}
	return latest, nil
}

// highest asks for the record with the highest stamp. Nulls are kept out by the domain, because databases disagree on where they sort.
func (c *client) highest(ctx context.Context, model string, archived bool, field string) (time.Time, error) {
	domain := append(all(nil, archived), []any{field, "!=", nil})
	raw, err := c.call(ctx, nil, "model."+model+".search_read", domain, 0, 1, []any{[]any{field, "DESC"}}, []string{field})
	if err != nil {
		return time.Time{}, err
	}
	var rows []map[string]json.RawMessage
	if err := json.Unmarshal(raw, &rows); err != nil {
		return time.Time{}, torn(err)
	}
	if len(rows) == 0 {
		return time.Time{}, nil
	}
	t, ok := parseDatetime(rows[0][field])
	if !ok {
		return time.Time{}, &driver.Error{Kind: driver.Torn, Detail: "The newest " + field + " of " + model + " is not a time."}
	}
	return t, nil
}
