package rest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/rawjson"
)

// What an answer with another record than the one that was asked for means.
const otherTorn, otherGone = "torn", "gone"

// ReadOne implements driver.Writer.
func (c *client) ReadOne(ctx context.Context, e *manifest.Entity, id string) ([]byte, error) {
	o := c.readings[e.Name]
	if o == nil {
		return nil, fmt.Errorf("read one of %s: the client was opened for a system that does not map it", e.Name)
	}
	one := o.one()
	u, err := c.recordURL(one.Path, one.Query, id)
	if err != nil {
		return nil, err
	}
	q := u.Query()
	c.repeat(q, one.Repeat)
	u.RawQuery = q.Encode()
	a, err := c.ask(ctx, http.MethodGet, u, "")
	switch {
	case err != nil && a != nil && c.saysGone(a, err):
		return nil, nil
	case err != nil:
		return nil, err
	}
	record, err := one.take(a, e, id)
	if err != nil || record == nil || one.saysGone(record) {
		return nil, err
	}
	return one.stamp(o.settled(record), a.header.Get("ETag"))
}

// saysGone tells whether the system itself says that there is no such record.
func (c *client) saysGone(a *answer, err error) bool {
	var e *driver.Error
	if !errors.As(err, &e) || e.Kind == driver.NotSystem {
		return false
	}
	rules := c.options.Errors
	bare := len(bytes.TrimSpace(a.body)) == 0 && !rules.speak()
	return e.Kind == driver.Gone || (a.status == http.StatusNotFound || a.status == http.StatusGone) && (bare || c.isOwn(a))
}

// take finds the record in the answer: null, or no element where one of a list is meant, says that there is none.
func (o *oneOptions) take(a *answer, e *manifest.Entity, id string) ([]byte, error) {
	if err := rawjson.Valid(a.body); err != nil {
		return nil, notJSON(err)
	}
	record := a.body
	if n := len(o.Record); n > 0 {
		record = find(a.body, o.Record)
		if around := o.Record[:n-1]; record == nil && (n == 1 && string(bytes.TrimSpace(a.body)) == "[]" || string(find(a.body, around)) == "[]") {
			return nil, nil
		}
	}
	record = bytes.TrimSpace(record)
	switch {
	case string(record) == "null":
		return nil, nil
	case o.Other == otherGone && remoteID(record, e.ID) != "" && remoteID(record, e.ID) != id:
		return nil, nil
	case remoteID(record, e.ID) != id:
		return nil, torn("The answer does not hold the record that was asked for.")
	}
	return record, nil
}

// saysGone tells whether a record says of itself that it is none any more.
func (o *oneOptions) saysGone(record []byte) bool {
	for path, words := range o.Gone {
		if value, ok, _ := rawjson.Find(record, strings.Split(path, "/")...); ok && slices.Contains(words, text(value)) {
			return true
		}
	}
	return false
}

// stamp adds the answer's ETag to the record as a member; the record's other bytes stay as they are.
func (o *oneOptions) stamp(record []byte, tag string) ([]byte, error) {
	if o.ETag == "" || tag == "" {
		return record, nil
	}
	if find(record, manifest.Path{o.ETag}) != nil {
		return nil, torn("The record has a member " + o.ETag + " of its own, where its ETag was to go.")
	}
	name, err := encode(o.ETag)
	if err != nil {
		return nil, err
	}
	value, err := encode(tag)
	if err != nil {
		return nil, err
	}
	return slices.Concat([]byte("{"), name, []byte(":"), value, []byte(","), record[1:]), nil
}
