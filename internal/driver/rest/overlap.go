package rest

import (
	"context"

	"github.com/zeebo/xxh3"

	"github.com/busbar-dev/busbar/internal/driver"
)

// movedList makes the reader begin again: a record that was read has gone, or one has come before it, so an offset no longer leads to the
// record that is next.
func movedList() error {
	return &driver.Error{Kind: driver.TokenGone, Detail: "The list moved while it was read; it is read again."}
}

// read asks for the records at a place. An offset is checked: its page begins one record early, with the last record of the page before,
// which is taken off again.
func (c *client) read(ctx context.Context, o *readOptions, r driver.Request, at place) (*taken, error) {
	if o.Paging.Style != "offset" || at.Last == 0 {
		return c.readAt(ctx, o, r, at)
	}
	early := at
	early.Offset--
	p, err := c.readAt(ctx, o, r, early)
	if err != nil {
		return nil, err
	}
	if err := o.meets(p, at); err != nil {
		return nil, err
	}
	p.records, p.overlap = p.records[1:], 1
	if len(p.records) > 0 || o.Paging.isShort(at, p) || at.Proof {
		return p, nil
	}
	return c.readEnd(ctx, o, r, at)
}

// meets checks that a page begins with the record that the page before ended with.
func (o *readOptions) meets(p *taken, at place) error {
	if len(p.records) == 0 {
		return movedList()
	}
	switch first := o.identity(p.records[0]); {
	case first == at.Last:
		return nil
	case first == at.First:
		return o.Paging.samePage()
	}
	return movedList()
}

// readEnd proves that nothing follows: a page of one known record may be one that the system cut short.
func (c *client) readEnd(ctx context.Context, o *readOptions, r driver.Request, at place) (*taken, error) {
	p, err := c.readAt(ctx, o, r, at)
	switch {
	case err != nil || len(p.records) == 0:
		return p, err
	case o.identity(p.records[0]) == at.First:
		return nil, o.Paging.samePage()
	}
	return nil, movedList()
}

// identity is a hash of a record's id, of the whole record where it has none. It is never 0.
func (o *readOptions) identity(record []byte) uint64 {
	h := xxh3.New()
	for _, path := range o.id {
		id := find(record, path)
		if text(id) == "" {
			return max(xxh3.Hash(record), 1)
		}
		_, _ = h.Write(append([]byte{0}, id...))
	}
	if len(o.id) == 0 {
		return max(xxh3.Hash(record), 1)
	}
	return max(h.Sum64(), 1)
}
