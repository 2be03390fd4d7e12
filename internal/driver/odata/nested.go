package odata

import (
	"bytes"
	"context"
	"encoding/json"
	"net/url"
	"strings"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/rawjson"
)

// nextLink ends the name of the member that says where a list of version 4 goes on.
const nextLink = "@odata.nextLink"

// mostNested bounds the pages of one list within a record, and mostNestedBytes what they hold together.
const (
	mostNested      = 1000
	mostNestedBytes = 24 << 20
)

// whole gives a record as the mapping sees it, with the rest of its lists where the system gave only a part of them.
func (c *client) whole(ctx context.Context, r *reading, from *url.URL, record []byte) ([]byte, error) {
	if !bytes.Contains(record, []byte(`"__next"`)) && !bytes.Contains(record, []byte(nextLink)) {
		return r.shaped(record), nil
	}
	members := map[string]json.RawMessage{}
	if rawjson.Valid(record) != nil || json.Unmarshal(record, &members) != nil {
		return r.shaped(record), nil
	}
	for _, name := range sortedKeys(members) {
		list, link := r.partOf(members, name)
		if link == "" {
			continue
		}
		all, err := c.rest(ctx, r, from, list, link)
		if err != nil {
			return nil, err
		}
		delete(members, name)
		if members[strings.TrimSuffix(name, nextLink)], err = encode(all); err != nil {
			return nil, err
		}
	}
	out, err := encode(members)
	if err != nil {
		return nil, err
	}
	if bytes.Contains(out, []byte(`"__next":"`)) || bytes.Contains(out, []byte(nextLink+`"`)) {
		return nil, torn("A list within a list came in part, so the record is not whole.")
	}
	return r.shaped(out), nil
}

// partOf gives the list at a member, and where it goes on; "" for what is whole.
func (r *reading) partOf(members map[string]json.RawMessage, name string) (list []byte, link string) {
	if of, ok := strings.CutSuffix(name, nextLink); ok && r.Protocol == v4 {
		return members[of], text(members[name])
	}
	if value := members[name]; r.Protocol == v2 && len(value) > 0 && value[0] == '{' {
		return find(value, "results"), text(find(value, "__next"))
	}
	return nil, ""
}

// rest reads a list within a record to its end.
func (c *client) rest(ctx context.Context, r *reading, from *url.URL, list []byte, link string) ([]json.RawMessage, error) {
	t := &taken{next: link, from: from}
	var err error
	if t.records, err = splitList(list); err != nil {
		return nil, err
	}
	var all []json.RawMessage
	size := 0
	for range mostNested {
		for _, record := range t.records {
			all, size = append(all, record), size+len(record)
		}
		if size > mostNestedBytes {
			return nil, &driver.Error{Kind: driver.TooLarge, Detail: "A list within a record is larger than allowed."}
		}
		if t.next == "" {
			return all, nil
		}
		stored, err := c.linkOf(t)
		if err != nil {
			return nil, err
		}
		if t, err = c.follow(ctx, r, stored); err != nil {
			return nil, err
		}
	}
	return nil, torn("The pages of a list within a record never end.")
}
