package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
)

// WriteMany implements driver.Writer.
func (c *client) WriteMany(ctx context.Context, ws []driver.Command, atomic bool) ([]driver.Result, error) {
	if len(ws) == 0 {
		return nil, nil
	}
	o, err := bulkOf(ws, atomic)
	if err != nil {
		return nil, err
	}
	req, err := c.writingMany(ctx, o, ws, atomic)
	if err != nil {
		return nil, err
	}
	a, err := c.send(req)
	if err != nil {
		return nil, c.answered(err, a)
	}
	results, err := c.resultsOf(o, a, ws, atomic)
	return results, c.answered(c.login.SignedOut(a.proof, err), a)
}

// resultsOf tells what came of each write. A refusal that lists what came of them is believed for each alone, unless it is one of all or none.
func (c *client) resultsOf(o *bulkOptions, a *answer, ws []driver.Command, atomic bool) ([]driver.Result, error) {
	whole := c.decide(a, func(status int) driver.Kind { return kindOfWrite(status, driver.Command{}) })
	ofNone(whole)
	given, err := o.Results.byKey(a)
	switch {
	case whole != nil && driver.FateOf(whole) != driver.Refused:
		return nil, whole
	case whole != nil && (err != nil || !names(given, ws)):
		return nil, whole
	case whole != nil && atomic:
		return c.blame(o, given, ws, c.answered(whole, a)), nil
	case err != nil:
		return nil, err
	}
	return c.results(o, given, ws), nil
}

// ofNone takes from the refusal of a whole call what it would say of a single record.
func ofNone(err error) {
	var e *driver.Error
	if errors.As(err, &e) && slices.Contains([]driver.Kind{driver.Conflict, driver.Gone, driver.Duplicate}, e.Kind) {
		e.Kind = driver.Invalid
	}
}

func names(given map[string][][]byte, ws []driver.Command) bool {
	return slices.ContainsFunc(ws, func(w driver.Command) bool { return len(given[w.Mark]) > 0 })
}

// bulkOf finds the call for many that the commands stand for.
func bulkOf(ws []driver.Command, atomic bool) (*bulkOptions, error) {
	what := "to " + string(ws[0].Op) + " several " + ws[0].Entity.Name + " at once"
	bulk := ws[0].Entity.Operations[ws[0].Op].Bulk
	switch {
	case bulk == nil || bulk.Send.Node == nil:
		return nil, unfit("The connector does not say how " + what + ".")
	case atomic && !bulk.Atomic:
		return nil, unfit("The system has no call " + what + ", all or none.")
	case len(ws) > bulk.Max:
		return nil, unfit("The system does not take so many in a call " + what + ".")
	}
	o, problems := decodeBulk(bulk.Send)
	if len(problems) > 0 {
		return nil, unfit("The connector does not say soundly how " + what + ": " + problems.Error())
	}
	return o, nil
}

func (c *client) writingMany(ctx context.Context, o *bulkOptions, ws []driver.Command, atomic bool) (*http.Request, error) {
	body, err := o.bodyOf(ws, atomic)
	if err != nil {
		return nil, err
	}
	return c.calling(ctx, &o.callOptions, "", body)
}

// bodyOf writes the whole call.
func (o *bulkOptions) bodyOf(ws []driver.Command, atomic bool) ([]byte, error) {
	items, seen := make([]json.RawMessage, len(ws)), map[string]bool{}
	for i, w := range ws {
		if w.Mark == "" || seen[w.Mark] || w.Op != ws[0].Op || w.Entity != ws[0].Entity || w.Move != nil {
			return nil, unfit("These writes cannot be told apart in one call.")
		}
		seen[w.Mark] = true
		var err error
		if items[i], err = o.item(w); err != nil {
			return nil, err
		}
	}
	list, err := encode(items)
	if err != nil || len(o.Items) == 0 {
		return list, err
	}
	return o.around(list, ws[0].Op, atomic)
}

// around writes what stands around the list.
func (o *bulkOptions) around(list []byte, op manifest.Op, atomic bool) ([]byte, error) {
	word := orElse(o.Ops[string(op)], string(op))
	body := []byte(orElse(o.Body, "{}"))
	var err error
	for _, m := range []struct {
		at    manifest.Path
		value any
	}{{o.Op, word}, {o.Atomic, atomic}, {o.Items, json.RawMessage(list)}} {
		if body, err = layAny(m.value, body, m.at); err != nil {
			return nil, err
		}
	}
	return body, nil
}

// item writes one element of the list.
func (o *bulkOptions) item(w driver.Command) (item []byte, err error) {
	item = []byte("{}")
	if w.Body != nil {
		if item, err = lay(w.Body, item, o.Data); err != nil {
			return nil, err
		}
	}
	if item, err = layAny(w.Mark, item, o.Key); err != nil {
		return nil, err
	}
	if w.Op != manifest.Create {
		if item, err = layAny(keyOf(w), item, o.ID); err != nil {
			return nil, err
		}
	}
	if !w.Insist {
		return item, nil
	}
	if o.Version == nil {
		return nil, unfit("The call for many cannot tell the system which version of a record a write is made for.")
	}
	return layVersion(w, o.Version.From, item, o.Version.Member)
}

// results matches what came back with the commands, by key and by nothing else: what is missing, or comes twice, proves nothing.
func (c *client) results(o *bulkOptions, given map[string][][]byte, ws []driver.Command) []driver.Result {
	results := make([]driver.Result, len(ws))
	for i, w := range ws {
		switch found := given[w.Mark]; len(found) {
		case 0:
			results[i].Err = torn("The answer does not say what came of this write.")
		case 1:
			results[i] = c.result(&o.Results, found[0], w)
		default:
			results[i].Err = &driver.Error{Kind: driver.Torn, Detail: "The answer says more than once what came of this write.", Answer: c.kept(bytes.Join(found, []byte(",")), false)}
		}
	}
	return results
}

// blame gives each write of a call that was refused as a whole the reason that the answer names for it, else that of the whole.
func (c *client) blame(o *bulkOptions, given map[string][][]byte, ws []driver.Command, whole error) []driver.Result {
	results := c.results(o, given, ws)
	for i, r := range results {
		if r.Err == nil || !definite(r.Err) {
			results[i] = driver.Result{Err: whole}
		}
	}
	return results
}

// definite says that an error proves that there was no effect.
func definite(err error) bool {
	fate := driver.FateOf(err)
	return fate != driver.Unknown && fate != driver.NotSent
}
