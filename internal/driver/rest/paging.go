package rest

import (
	"encoding/json"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
)

const endEmpty, endShort = "empty", "short"

// place is a page token: where the next page begins.
type place struct {
	Cursor string    `json:"cursor,omitempty"` // cursor, keyset
	Page   int       `json:"page,omitempty"`   // page
	Offset int64     `json:"offset,omitempty"` // offset, page: records so far
	URL    string    `json:"url,omitempty"`    // link: path and query, without host and login
	First  uint64    `json:"first,omitempty"`  // offset, page: identity of the last page's first record
	Last   uint64    `json:"last,omitempty"`   // offset: identity of the last record so far
	Newest time.Time `json:"newest,omitzero"`  // order modified: newest change so far
	Span   int       `json:"span,omitempty"`   // offset, page, keyset: records on the longest page so far: what the system gives at once
	Proof  bool      `json:"proof,omitempty"`  // offset, page: the count is reached; this page shows whether it is right
	Edge   []uint64  `json:"edge,omitempty"`   // keyset, inclusive: identities of the records so far that have the key Cursor
	Doubt  bool      `json:"doubt,omitempty"`  // offset, page: the count was too low; only the pages themselves tell the end
}

// first is where a list begins.
func (p pagingOptions) first() place { return place{Page: p.First} }

// start reads a token; none is the first page.
func (p pagingOptions) start(token json.RawMessage) (place, error) {
	at := p.first()
	if token == nil {
		return at, nil
	}
	if err := json.Unmarshal(token, &at); err != nil {
		return at, &driver.Error{Kind: driver.TokenGone, Detail: "The stored place in the list cannot be read.", Err: err}
	}
	return at, nil
}

// limit is the number of records to ask for.
func (p pagingOptions) limit(wanted int) int {
	if p.Max > 0 && (wanted <= 0 || wanted > p.Max) {
		return p.Max
	}
	return wanted
}

// ask puts the place into the query.
func (p pagingOptions) ask(q *asking, at place) {
	switch p.Style {
	case "cursor", "keyset":
		if from := orElse(at.Cursor, p.From); from != "" {
			q.set(p.Param, quoted(p.Text, from))
		}
	case "offset":
		q.set(p.Param, strconv.FormatInt(at.Offset, 10))
	case "page":
		q.set(p.Param, strconv.Itoa(at.Page))
	}
}

// next gives the place after a page, nil at the proved end.
func (c *client) next(o *readOptions, at place, p *taken) (*place, error) {
	switch o.Paging.Style {
	case "cursor":
		return o.Paging.afterCursor(at, p)
	case "link":
		return c.afterLink(o.Paging, p)
	case "offset", "page":
		return o.afterCount(at, p)
	case "keyset":
		return o.afterKey(at, p)
	}
	return nil, nil
}

func torn(detail string) error { return &driver.Error{Kind: driver.Torn, Detail: detail} }

func stuck() error {
	return torn("The system leads back to the page that was just read, so its pages never end.")
}

func (p pagingOptions) afterCursor(at place, t *taken) (*place, error) {
	cursor := text(find(t.around, p.Next))
	more := text(find(t.around, p.More))
	switch {
	case cursor == "" && more == "true":
		return nil, torn("The system says that more pages follow, but not where.")
	case cursor == "" || more == "false":
		return nil, nil
	case cursor == at.Cursor:
		return nil, stuck()
	}
	return &place{Cursor: cursor}, nil
}

// afterLink reads the next page's address. It must lead to the same host; only its path and query are kept.
func (c *client) afterLink(p pagingOptions, t *taken) (*place, error) {
	link := text(find(t.around, p.Next))
	if p.Header != "" {
		link = relNext(t.header.Values(p.Header))
	}
	if link == "" {
		return nil, nil
	}
	u, err := t.url.Parse(link)
	if err != nil {
		return nil, torn("The address of the next page is not one.")
	}
	if u.Scheme != c.base.Scheme || u.Host != c.base.Host || u.User != nil {
		return nil, torn("The address of the next page leads to another host; it is not followed.")
	}
	if names := c.login.Parameters(); len(names) > 0 {
		q := u.Query()
		for _, name := range names {
			q.Del(name)
		}
		u.RawQuery = q.Encode()
	}
	if u.Path == t.url.Path && u.RawQuery == t.url.RawQuery {
		return nil, stuck()
	}
	return &place{URL: (&url.URL{Path: u.Path, RawPath: u.RawPath, RawQuery: u.RawQuery}).String()}, nil
}

// follow makes the full address of a stored link.
func (c *client) follow(stored string) (*url.URL, error) {
	u, err := url.Parse(stored)
	if err != nil || u.Host != "" || u.Scheme != "" {
		return nil, &driver.Error{Kind: driver.TokenGone, Detail: "The stored place in the list cannot be read.", Err: err}
	}
	return c.base.ResolveReference(u), nil
}

// relNext finds the address with rel="next" among Link headers (RFC 8288).
func relNext(headers []string) string {
	links := regexp.MustCompile(`<([^>]*)>([^<]*)`).FindAllStringSubmatch(strings.Join(headers, ","), -1)
	rel := regexp.MustCompile(`(?i);\s*rel="?([^";]*\s)?next[\s";,]`)
	for _, link := range links {
		if rel.MatchString(link[2] + ";") {
			return link[1]
		}
	}
	return ""
}
