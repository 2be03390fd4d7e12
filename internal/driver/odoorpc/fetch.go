package odoorpc

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
)

// token says where to go on: behind the record After. Total is what Odoo counted before the first page, Given how many records came since.
type token struct {
	After int64 `json:"after"`
	Total int64 `json:"total,omitempty"`
	Given int64 `json:"given,omitempty"`
}

const defaultLimit = 500

// Fetch implements driver.Client. Pages go by id, so that changes during the listing move no record out of sight, and rows with one stamp are no obstacle.
func (c *client) Fetch(ctx context.Context, q driver.Request) (*driver.Page, error) {
	r := c.readings[q.Entity.Name]
	if r == nil {
		return nil, invalid("The manifest does not say how to read " + q.Entity.Name + ".")
	}
	var at token
	if q.Token != nil {
		if err := json.Unmarshal(q.Token, &at); err != nil {
			return nil, &driver.Error{Kind: driver.TokenGone, Detail: "The page token is not one of this driver.", Err: err}
		}
	}
	if q.Limit <= 0 {
		q.Limit = defaultLimit
	}
	page := &driver.Page{Total: -1, Undated: true}
	if q.Token == nil {
		if err := c.survey(ctx, r, q, page); err != nil {
			return nil, lasting(err)
		}
		at.Total = page.Total
	}
	next, err := c.page(ctx, r, q, at, page)
	if err != nil {
		return nil, lasting(err)
	}
	if len(page.Records) >= q.Limit {
		page.Next = next.encode()
	} else if next.Given < next.Total {
		page.Total, err = c.recount(ctx, r, q, next)
	}
	return page, lasting(err)
}

// lasting knows that a record that goes while a page is read is no fault of the page: it is asked for again.
func lasting(err error) error {
	if driver.KindOf(err) != driver.Gone {
		return err
	}
	return &driver.Error{Kind: driver.Fault, Detail: "A record was deleted in Odoo while it was read.", Err: err}
}

// page reads the records behind the token into the page, and gives the token behind them.
func (c *client) page(ctx context.Context, r *reading, q driver.Request, at token, page *driver.Page) (token, error) {
	var err error
	if page.Records, err = c.list(ctx, r, r.tree, append(r.listing(q), []any{"id", ">", at.After}), q.Limit); err != nil {
		return at, err
	}
	for _, record := range page.Records {
		id, err := idOf(record)
		if err != nil {
			return at, err
		}
		if id <= at.After {
			return at, &driver.Error{Kind: driver.Torn, Detail: "The records of a page are not in order of their ids."}
		}
		at.After = id
	}
	at.Given += int64(len(page.Records))
	return at, nil
}

// recount tells records that were deleted while the pages were read from those that the pages left out: the lesser count holds.
func (c *client) recount(ctx context.Context, r *reading, q driver.Request, at token) (int64, error) {
	now, err := c.count(ctx, r, r.listing(q))
	return min(at.Total, now), err
}

// survey fills what only the first page carries: the count, and how far the changes had come before it was read.
func (c *client) survey(ctx context.Context, r *reading, q driver.Request, page *driver.Page) (err error) {
	if q.Entity.Cursor != nil {
		if page.HighWater, err = c.newest(ctx, r); err != nil {
			return err
		}
	}
	page.Total, err = c.count(ctx, r, r.listing(q))
	return err
}

// listing is what one request asks for, without its paging.
func (r *reading) listing(q driver.Request) []any {
	domain := append([]any{}, r.Domain...)
	if q.Hot {
		domain = append(domain, r.hot...)
	}
	if !q.Since.IsZero() {
		domain = append(domain, r.changedSince(q.Since)...)
	}
	if from := q.HistoryFrom; !from.IsZero() && q.Entity.History != "" {
		domain = append(domain, "|", []any{q.Entity.History, "=", false}, []any{q.Entity.History, ">=", from.UTC().Format(time.DateOnly)})
	}
	return domain
}

// changedSince holds for records that were written, or have a related one that was, at or after t. Odoo stamps what is new as written.
func (r *reading) changedSince(t time.Time) []any {
	stamp := t.UTC().Format(odooTime)
	domain := []any{}
	for range r.ChangesWith {
		domain = append(domain, "|")
	}
	domain = append(domain, []any{"write_date", ">=", stamp})
	for _, c := range r.ChangesWith {
		domain = append(domain, []any{strings.ReplaceAll(c.Field, "/", ".") + ".write_date", ">=", stamp})
	}
	return domain
}

// newest gives the latest stamp of the model and of the models whose changes count as its own; zero when they are empty.
func (c *client) newest(ctx context.Context, r *reading) (time.Time, error) {
	models := []string{r.Model}
	for _, c := range r.ChangesWith {
		models = append(models, c.Model)
	}
	var latest time.Time
	for _, model := range models {
		t, err := c.newestOf(ctx, r, model)
		if err != nil {
			return time.Time{}, err
		}
		if t.After(latest) {
			latest = t
		}
	}
	return latest, nil
}

func (c *client) newestOf(ctx context.Context, r *reading, model string) (time.Time, error) {
	raw, err := c.call(ctx, call{model: model, method: "search_read", context: r.contextOf(), named: map[string]any{
		"domain": []any{[]any{"write_date", "!=", false}}, "fields": []string{"write_date"}, "order": "write_date desc", "limit": 1}})
	if err != nil {
		return time.Time{}, err
	}
	var rows []struct {
		Stamp json.RawMessage `json:"write_date"`
	}
	if err := json.Unmarshal(raw, &rows); err != nil {
		return time.Time{}, torn(err)
	}
	if len(rows) == 0 {
		return time.Time{}, nil
	}
	t, ok := parseTime(rows[0].Stamp)
	if !ok {
		return time.Time{}, &driver.Error{Kind: driver.Torn, Detail: "The newest stamp of " + model + " is not a time."}
	}
	return t, nil
}

func (t token) encode() json.RawMessage {
	raw, err := json.Marshal(t)
	if err != nil {
		panic(err) // integers
	}
	return raw
}
