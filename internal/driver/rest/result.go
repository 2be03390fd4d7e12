package rest

import (
	"bytes"
	"net/http"
	"strconv"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/rawjson"
)

// byKey takes the list of results apart.
func (o *resultOptions) byKey(a *answer) (map[string][][]byte, error) {
	list, ok, err := a.body, true, rawjson.Valid(a.body)
	if err == nil && len(o.List) > 0 {
		list, ok, err = rawjson.Find(a.body, o.List...)
	}
	if err != nil {
		return nil, notJSON(err)
	}
	if !ok {
		return nil, torn("The answer has no results at " + o.List.String() + ".")
	}
	elements, err := rawjson.Split(list)
	if err != nil {
		return nil, notJSON(err)
	}
	given := map[string][][]byte{}
	for _, e := range elements {
		if key := text(find(e, o.Key)); key != "" {
			given[key] = append(given[key], e)
		}
	}
	return given, nil
}

// result tells what an element says of its write.
func (c *client) result(o *resultOptions, element []byte, w driver.Command) driver.Result {
	status, err := strconv.Atoi(text(find(element, o.Status)))
	switch {
	case len(o.Status) > 0 && (err != nil || status < 100 || status > 599):
		return driver.Result{Err: &driver.Error{Kind: driver.Torn, Detail: "The answer does not say whether this write was done.", Answer: c.kept(element, false)}}
	case status >= 300 || o.failed(element):
		return driver.Result{Err: c.itemRefusal(o, element, status, w)}
	}
	got, torn := o.written(element, w)
	answer := c.kept(element, torn == nil)
	if torn != nil {
		torn.Answer = answer
		return driver.Result{Err: torn}
	}
	got.Answer = answer
	return driver.Result{Written: got}
}

func (o *resultOptions) failed(element []byte) bool {
	if len(o.Failure) > 0 && !isEmpty(find(element, o.Failure)) {
		return true
	}
	return o.Success != nil && text(find(element, o.Success.Path)) != o.Success.Value
}

// itemRefusal makes the error of one write.
func (c *client) itemRefusal(o *resultOptions, element []byte, status int, w driver.Command) *driver.Error {
	code, said := text(find(element, o.Code)), c.quote(text(find(element, o.Message)), 200)
	e := &driver.Error{Kind: kindOfWrite(status, w), Status: status, Code: c.quote(code, 80), Detail: "The system did not do it", Answer: c.kept(element, false)}
	switch mapped, ok := c.options.Errors.Kinds[code]; {
	case ok:
		e.Kind = mapped
	case status >= 500, status == http.StatusRequestTimeout, status >= 300 && status < 400, status < 300 && code == "" && said == "" && !o.denies(element):
		e.Kind = driver.Fault
	}
	if e.Said = said; said != "" {
		e.Detail += ": " + said
	} else {
		e.Detail += "."
	}
	return e
}

// denies tells whether an element says itself that it failed.
func (o *resultOptions) denies(element []byte) bool {
	return len(o.Failure) > 0 && !isEmpty(find(element, o.Failure)) || o.Success != nil && find(element, o.Success.Path) != nil
}

// written takes what an element says of a write that was done. A record of another id is not the one that was written: it is left to be read.
func (o *resultOptions) written(element []byte, w driver.Command) (got driver.Written, torn *driver.Error) {
	if w.Op == manifest.Delete {
		return got, nil
	}
	record, id := bytes.TrimSpace(find(element, o.Record)), text(find(element, o.ID))
	own := remoteID(record, w.Entity.ID)
	if id == "" {
		id = own
	}
	if w.Op != manifest.Create && id != "" && id != w.RemoteID {
		return got, &driver.Error{Kind: driver.Torn, Detail: "The answer holds another record than the one that was written."}
	}
	got.RemoteID = id
	if own != "" && own == id {
		got.Record = record
	}
	return got, nil
}
