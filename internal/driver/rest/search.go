package rest

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/web"
	"github.com/busbar-dev/busbar/internal/manifest"
)

// A search reads so many records at a time, and ends with an error beyond so many found or pages read: what it gives is everything there is.
const (
	searchPage     = 100
	mostFound      = 50
	mostSearched   = 20
	searchAttempts = 3
)

// Search implements driver.Writer.
func (c *client) Search(ctx context.Context, s driver.Search) ([][]byte, error) {
	o, f, err := c.finding(s)
	if err != nil {
		return nil, err
	}
	for n := 1; ; n++ {
		found, err := c.search(ctx, o, f, s)
		if driver.KindOf(err) == driver.TokenGone && n < searchAttempts {
			continue
		}
		if err == nil && len(found) == 0 {
			err = c.believe(ctx, o, f, s)
		}
		return found, err
	}
}

// believe makes sure that a search that found nothing could have found something: a system may leave out silently what it does not know.
func (c *client) believe(ctx context.Context, o *readOptions, f *findOptions, s driver.Search) error {
	if f.Sure == nil {
		return nil
	}
	other := *o
	other.asked = c.parameters(f.Sure.Query)
	page, err := c.page(ctx, &other, driver.Request{Entity: s.Entity, Limit: 1}, other.Paging.first(), time.Time{})
	if err == nil && len(page.Records) == 0 {
		err = unfit("The system shows no record of " + s.Entity.Name + " at all that carries a mark, so a search for one proves nothing. The guide says how marks are made possible.")
	}
	return err
}

// finding makes the list to read.
func (c *client) finding(s driver.Search) (*readOptions, *findOptions, error) {
	read := c.readings[s.Entity.Name]
	if read == nil || s.Rung.Find.Node == nil {
		return nil, nil, unfit("The connector does not say how to search " + s.Entity.Name + ".")
	}
	f, problems := decodeFind(s.Rung.Find, read)
	if len(problems) > 0 {
		return nil, nil, unfit("The connector does not say soundly how to search " + s.Entity.Name + ": " + problems.Error())
	}
	o := *read
	o.Path, o.listOptions, o.asked = f.Path, f.listOptions, url.Values{}
	o.Order, o.Newest, o.Paging.Concurrent = "other", nil, 0
	if f.Param != "" {
		o.asked.Set(f.Param, quoted(f.Text, s.Value))
	}
	if f.Since != nil && !s.Since.IsZero() {
		o.asked.Set(f.Since.Param, f.Since.write(s.Since, c.zone()))
	}
	return &o, f, nil
}

// search reads the list to its end and keeps what fits.
func (c *client) search(ctx context.Context, o *readOptions, f *findOptions, s driver.Search) ([][]byte, error) {
	var found [][]byte
	r := driver.Request{Entity: s.Entity, Limit: searchPage}
	for range mostSearched {
		at, err := o.Paging.start(r.Token)
		if err != nil {
			return nil, err
		}
		page, err := c.page(ctx, o, r, at, time.Time{})
		if err != nil {
			return nil, err
		}
		for _, record := range page.Records {
			if fits, err := c.fits(ctx, f, s, record); err != nil {
				return nil, err
			} else if fits {
				found = append(found, record)
			}
		}
		switch {
		case len(found) > mostFound:
			return nil, unfit(fmt.Sprintf("The search in %s gives more than %d records.", s.Entity.Name, mostFound))
		case page.Unproved:
			return nil, torn("The pages of the search may have skipped records.")
		case page.Next == nil:
			return found, nil
		}
		r.Token = page.Next
	}
	return nil, unfit(fmt.Sprintf("The search in %s does not end after %d pages; the system may not know the filter.", s.Entity.Name, mostSearched))
}

// fits tells whether a record is one that was searched for, whatever the system makes of a filter. A list that does not show the mark is not believed: the record itself is read.
func (c *client) fits(ctx context.Context, f *findOptions, s driver.Search, record []byte) (bool, error) {
	at := s.Shows()
	if len(f.Shows) > 0 {
		at = f.Shows
	}
	if s.Rung.Class == manifest.W4 || len(at) == 0 {
		return !web.IsOlder(s, record, c.zone()), nil
	}
	shown := findAll(record, at)
	if len(shown) == 0 {
		var err error
		if record, err = c.ReadOne(ctx, s.Entity, remoteID(record, s.Entity.ID)); err != nil || record == nil {
			return false, err
		}
		if shown = findAll(record, at); len(shown) == 0 {
			return false, torn("The search gives a record that does not show " + at.String() + ", so nothing tells whether it is the one.")
		}
	}
	return slices.ContainsFunc(shown, func(value []byte) bool { return s.Is(text(value)) }), nil
}
