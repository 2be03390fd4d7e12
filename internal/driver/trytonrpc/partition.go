package trytonrpc

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/busbar-dev/busbar/internal/driver"
)

// maxParts bounds the calls that one page of a partitioned listing makes.
const maxParts = 16

// partitioned fills a page from one partition after the other. A partition that is gone is passed over; new ones with higher
// ids are met on the way.
func (c *client) partitioned(ctx context.Context, r *reading, q driver.Request, at token) (*driver.Page, error) {
	page := &driver.Page{Total: -1, Undated: true}
	for range maxParts {
		part, ok, err := c.nextPartition(ctx, r.Partition, at.Part)
		if err != nil {
			return nil, err
		}
		if !ok {
			return page, nil
		}
		if part != at.Part {
			at = token{Part: part, After: before}
		}
		if at, err = c.fillFrom(ctx, r, q, at, page); err != nil {
			return nil, err
		}
		if len(page.Records) >= q.Limit {
			break
		}
	}
	page.Next = at.encode()
	return page, nil
}

// fillFrom adds records of the token's partition to the page and gives the token behind them.
func (c *client) fillFrom(ctx context.Context, r *reading, q driver.Request, at token, page *driver.Page) (token, error) {
	limit := q.Limit - len(page.Records)
	records, last, err := c.page(ctx, r, r.listing(q), r.contextOf(at.Part), at.After, limit)
	if err != nil {
		return at, err
	}
	if records, err = c.enrich(ctx, r, records); err != nil {
		return at, err
	}
	for _, record := range records {
		page.Records = append(page.Records, splice(record, r.Partition.Member, fmt.Append(nil, at.Part)))
	}
	if len(records) < limit {
		return token{Part: at.Part + 1, After: before}, nil
	}
	return token{Part: at.Part, After: last}, nil
}

// nextPartition gives the lowest id of the partitions from one on.
func (c *client) nextPartition(ctx context.Context, p *partition, from int64) (int64, bool, error) {
	domain := append(all(p.Domain, p.Archived), []any{"id", ">=", from})
	raw, err := c.call(ctx, nil, "model."+p.Model+".search", domain, 0, 1, byID())
	if err != nil {
		return 0, false, err
	}
	var ids []int64
	if err := json.Unmarshal(raw, &ids); err != nil {
		return 0, false, torn(err)
	}
	if len(ids) == 0 {
		return 0, false, nil
	}
	return ids[0], true, nil
}

// contextOf is the listing's context with the partition's id in its places.
func (r *reading) contextOf(part int64) map[string]any {
	merged := map[string]any{}
	for k, v := range r.Context {
		merged[k] = v
	}
	for k, v := range r.Partition.Context {
		merged[k] = replace(v, func(s string) any {
			if s == partitionID {
				return part
			}
			return s
		})
	}
	return merged
}
