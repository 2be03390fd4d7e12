package trytonrpc

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/rawjson"
)

// token says where to go on: behind the record After, within the partition with the lowest id from Part on. Total is what Tryton counted
// before the first page, Given how many records came since.
type token struct {
	After int64 `json:"after"`
	Part  int64 `json:"part,omitempty"`
	Total int64 `json:"total,omitempty"`
	Given int64 `json:"given,omitempty"`
}

const (
	defaultLimit = 500
	before       = -1 // below every id: the first may be 0
)

// Fetch implements driver.Client. Pages go by id, so that changes during the listing move no record out of sight.
func (c *client) Fetch(ctx context.Context, q driver.Request) (*driver.Page, error) {
	r := c.readings[q.Entity.Name]
	if r == nil {
		return nil, &driver.Error{Kind: driver.Invalid, Detail: "The manifest does not say how to read " + q.Entity.Name + "."}
	}
	at := token{After: before}
	if q.Token != nil {
		if err := json.Unmarshal(q.Token, &at); err != nil {
			return nil, &driver.Error{Kind: driver.TokenGone, Detail: "The page token is not one of this driver.", Err: err}
		}
	}
	if q.Limit <= 0 {
		q.Limit = defaultLimit
	}
	if r.Partition != nil {
		return c.partitioned(ctx, r, q, at)
	}
	return c.plain(ctx, r, q, at)
}

func (c *client) plain(ctx context.Context, r *reading, q driver.Request, at token) (*driver.Page, error) {
	page := &driver.Page{Total: -1, Undated: true}
	if q.Token == nil {
		if err := c.survey(ctx, r, q, page); err != nil {
			return nil, err
		}
		at.Total = page.Total
	}
	records, last, err := c.page(ctx, r, r.listing(q), r.Context, at.After, q.Limit)
	if err != nil {
		return nil, err
	}
	page.Records, err = c.enrich(ctx, r, records)
	if err != nil {
		return nil, err
	}
	at = token{After: last, Total: at.Total, Given: at.Given + int64(len(records))}
	if len(records) >= q.Limit {
		page.Next = at.encode()
	} else if at.Given < at.Total {
		page.Total, err = c.recount(ctx, r, q, at)
	}
	return page, err
}

// recount tells records that were deleted while the pages were read from those that the pages left out: the lesser count holds.
func (c *client) recount(ctx context.Context, r *reading, q driver.Request, at token) (int64, error) {
	now, err := c.count(ctx, r, q)
	return min(at.Total, now), err
}

// survey fills what only the first page carries: the count, and how far the changes had come before it was read.
func (c *client) survey(ctx context.Context, r *reading, q driver.Request, page *driver.Page) (err error) {
	if q.Entity.Cursor != nil {
		if page.HighWater, err = c.newest(ctx, r); err != nil {
			return err
		}
	}
	page.Total, err = c.count(ctx, r, q)
	return err
}

func (c *client) count(ctx context.Context, r *reading, q driver.Request) (int64, error) {
	raw, err := c.call(ctx, r.Context, "model."+r.Model+".search_count", r.listing(q))
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil {
		return 0, torn(err)
	}
	return n, nil
}

// page reads up to limit records with an id above after.
func (c *client) page(ctx context.Context, r *reading, domain []any, more map[string]any, after int64, limit int) (records [][]byte, last int64, err error) {
	domain = append(domain, []any{"id", ">", after})
	raw, err := c.call(ctx, more, "model."+r.Model+".search_read", domain, 0, limit, byID(), r.Fields)
	if err != nil {
		return nil, 0, err
	}
	if records, err = rawjson.Split(raw); err != nil {
		return nil, 0, torn(err)
	}
	last = after
	for _, record := range records {
		id, err := idOf(record)
		if err != nil {
			return nil, 0, err
		}
		if id <= last {
			return nil, 0, &driver.Error{Kind: driver.Torn, Detail: "The records of a page are not in order of their ids."}
		}
		last = id
	}
	return records, last, nil
}

func byID() []any { return []any{[]any{"id", "ASC"}} }

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

func (t token) encode() json.RawMessage {
	raw, err := json.Marshal(t)
	if err != nil {
		panic(err) // two integers
	}
	return raw
}
