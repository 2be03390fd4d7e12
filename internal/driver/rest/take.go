package rest

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/rawjson"
)

// taken is an answer taken apart: the records, and what stands around them.
type taken struct {
	records [][]byte
	around  []byte // the answer with null in place of the records
	header  http.Header
	total   int64
	asked   int
	overlap int // records at the beginning that were taken off, for they belong to the page before
	url     *url.URL
	body    int // size of the answer
}

// given is how many records the system gave.
func (t *taken) given() int { return len(t.records) + t.overlap }

// take splits an answer and checks that all of it is well-formed, to the last brace.
func (o *readOptions) take(a *answer) (*taken, error) {
	list, ok := a.body, true
	var err error
	if len(o.Records) > 0 {
		list, ok, err = rawjson.Find(a.body, o.Records...)
	}
	switch {
	case err != nil:
		return nil, notJSON(err)
	case !ok:
		return nil, &driver.Error{Kind: driver.Torn, Status: a.status, Detail: "The answer has no list at " + o.Records.String() + "."}
	}
	p := &taken{header: a.header, total: -1, body: len(a.body)}
	if p.records, err = rawjson.Split(list); err != nil {
		return nil, notJSON(err)
	}
	for i, record := range p.records {
		p.records[i] = o.settled(record)
	}
	if p.around = around(a.body, list); rawjson.Valid(p.around) != nil {
		return nil, notJSON(rawjson.ErrSyntax)
	}
	p.total, err = o.count(p)
	return p, err
}

func notJSON(err error) error {
	return &driver.Error{Kind: driver.Torn, Detail: "The answer is not the JSON that it should be; it may be cut off.", Err: err}
}

// around gives doc with null in place of part, which is a sub-slice of it: small, whatever the size of the page.
func around(doc, part []byte) []byte {
	for i := range doc {
		if &doc[i] == &part[0] {
			out := append(make([]byte, 0, len(doc)-len(part)+4), doc[:i]...)
			return append(append(out, "null"...), doc[i+len(part):]...)
		}
	}
	return doc
}

// count reads the source's own count of records, -1 when it gives none.
func (o *readOptions) count(p *taken) (int64, error) {
	raw := text(find(p.around, o.Total))
	if o.TotalHeader != "" {
		raw = p.header.Get(o.TotalHeader)
	}
	if raw == "" {
		return -1, nil
	}
	n, err := strconv.ParseInt(raw, 10, 64)
	if err != nil || n < 0 {
		return -1, &driver.Error{Kind: driver.Torn, Detail: "The count of records is not a number."}
	}
	return n, nil
}
