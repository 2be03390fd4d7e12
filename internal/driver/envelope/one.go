package envelope

import (
	"context"
	"fmt"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
)

// ReadOne implements driver.Writer.
func (c *client) ReadOne(ctx context.Context, e *manifest.Entity, id string) ([]byte, error) {
	o := c.readings[e.Name]
	switch {
	case o == nil:
		return nil, fmt.Errorf("read one of %s: the client was opened for a system that does not map it", e.Name)
	case o.One == nil:
		return nil, unfit("The connector does not say how one record of " + e.Name + " is read.")
	}
	v := Values{}
	v.identify(id)
	doc, err := c.ask(ctx, o.One, v)
	if driver.KindOf(err) == driver.Gone {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return o.Single.take(doc, o.IDs, id, c.language.Sparse())
}

// take finds the record in an answer: null, or no element where one of a list is meant, says that there is none.
func (o One) take(doc []byte, ids []manifest.Path, id string, sparse bool) ([]byte, error) {
	record := find(doc, o.Record)
	around := o.Record[:len(o.Record)-1]
	none := string(find(doc, around)) == "[]" || sparse && find(doc, o.Record[:1]) != nil && !misses(doc, o.Record)
	switch {
	case record == nil && none, string(record) == "null":
		return nil, nil
	case remoteID(record, ids) != id:
		return nil, torn("The answer does not hold the record that was asked for.")
	}
	return record, nil
}
