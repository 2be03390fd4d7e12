package envelope

import (
	"context"
	"fmt"
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
	l, err := c.finding(s)
	if err != nil {
		return nil, err
	}
	for n := 1; ; n++ {
		found, err := c.search(ctx, l, s)
		if driver.KindOf(err) != driver.TokenGone || n == searchAttempts {
			return found, err
		}
	}
}

// finding makes the list to read.
func (c *client) finding(s driver.Search) (*listing, error) {
	read := c.readings[s.Entity.Name]
	if read == nil || s.Rung.Find.Node == nil {
		return nil, unfit("The connector does not say how to search " + s.Entity.Name + ".")
	}
	f, problems := c.language.Finding(s.Rung.Find, read)
	if len(problems) > 0 {
		return nil, unfit("The connector does not say soundly how to search " + s.Entity.Name + ": " + problems.Error())
	}
	f.Order, f.Newest = "other", nil
	l := &listing{Reading: f, call: f.Call, values: Values{}, limit: searchPage, sparse: c.language.Sparse()}
	if s.Rung.Class != manifest.W4 {
		l.values["value"] = s.Value
	} else if !s.Since.IsZero() {
		l.values["since"] = f.ChangedSince.write(s.Since, c.zone())
	}
	return l, nil
}

// search reads the list to its end and keeps what fits.
func (c *client) search(ctx context.Context, l *listing, s driver.Search) ([][]byte, error) {
	var found [][]byte
	at, _ := l.Paging.start(nil)
	for range mostSearched {
		page, err := c.page(ctx, l, at, time.Time{})
		if err != nil {
			return nil, err
		}
		for _, record := range page.Records {
			if fits, err := c.fits(ctx, s, record); err != nil {
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
		if at, err = l.Paging.start(page.Next); err != nil {
			return nil, err
		}
	}
	return nil, unfit(fmt.Sprintf("The search in %s does not end after %d pages; the system may not know the filter.", s.Entity.Name, mostSearched))
}

// fits tells whether a record is one that was searched for, whatever the system makes of a filter. A list that does not show the mark is not believed: the record itself is read.
func (c *client) fits(ctx context.Context, s driver.Search, record []byte) (bool, error) {
	at := s.Shows()
	if s.Rung.Class == manifest.W4 || len(at) == 0 {
		return !web.IsOlder(s, record, c.zone()), nil
	}
	value := find(record, at)
	if value == nil {
		var err error
		if record, err = c.ReadOne(ctx, s.Entity, remoteID(record, s.Entity.ID)); err != nil || record == nil {
			return false, err
		}
		if value = find(record, at); value == nil {
			return false, torn("The search gives a record that does not show " + at.String() + ", so nothing tells whether it is the one.")
		}
	}
	return s.Is(text(value)), nil
}
