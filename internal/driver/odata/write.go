package odata

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/web"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/rawjson"
)

// Write implements driver.Writer.
func (c *client) Write(ctx context.Context, w driver.Command) (driver.Written, error) {
	r, o, err := c.sendOf(w)
	if err != nil {
		return driver.Written{}, err
	}
	call, err := c.callOf(r, o, w)
	if err != nil {
		return driver.Written{}, err
	}
	req, err := c.request(ctx, r.Protocol, call.method, call.url, call.body)
	if err != nil {
		return driver.Written{}, err
	}
	if call.match != "" {
		req.Header.Set("If-Match", call.match)
	}
	a, err := c.carry(r.Protocol, r.Service, req)
	if err == nil {
		err = c.sure(ctx, r, w.RemoteID, c.login.SignedOut(a.proof, c.decide(a, w)))
	}
	var written driver.Written
	if err == nil {
		written, err = c.writtenBy(r, a, w)
	}
	if err == nil {
		written.Answer = c.kept(a.body, true)
	}
	return written, c.answered(err, a)
}

// sendOf finds the call that a command stands for.
func (c *client) sendOf(w driver.Command) (*reading, *sendOptions, error) {
	what := string(w.Op) + " " + w.Entity.Name
	r := c.readings[w.Entity.Name]
	options := w.Entity.Operations[w.Op].Send
	if w.Move != nil && w.Move.Send.Node != nil {
		options = w.Move.Send
	}
	if r == nil || options.Node == nil {
		return nil, nil, unfit("The connector does not say how to " + what + ".")
	}
	o, problems := decodeSend(options)
	if len(problems) > 0 {
		return nil, nil, unfit("The connector does not say soundly how to " + what + ": " + problems.Error())
	}
	return r, o, nil
}

// call is one request that has an effect.
type call struct {
	method string
	url    *url.URL
	body   []byte
	match  string // the entity tag that the record must still have
}

// callOf makes the request of a command.
func (c *client) callOf(r *reading, o *sendOptions, w driver.Command) (*call, error) {
	match, err := c.match(w)
	if err != nil {
		return nil, err
	}
	if o.Function != "" {
		u, err := c.functionURL(r, o, w)
		return &call{method: orElse(o.Method, http.MethodPost), url: u, match: match}, err
	}
	members := w.Body
	if w.Move != nil && w.Move.Send.Node != nil {
		members = nil
	}
	out := &call{match: match}
	if w.Op != manifest.Delete {
		if out.body, err = r.bodyOf(members, c.filled(o.Body), c.zone()); err != nil {
			return nil, err
		}
	}
	if w.Op == manifest.Create {
		out.method, out.match, out.url = http.MethodPost, "", c.address(r.Service, url.PathEscape(orElse(o.Set, r.Set)))
		return out, nil
	}
	resource, err := r.resource(w.RemoteID, w.Current)
	if err != nil {
		return nil, err
	}
	switch {
	case o.Action != "":
		out.method, resource = http.MethodPost, resource+"/"+url.PathEscape(o.Action)
	case w.Op == manifest.Delete:
		out.method = http.MethodDelete
	default:
		out.method = orElse(o.Method, c.options.Update)
	}
	out.url = c.address(r.Service, resource)
	return out, nil
}

// resource is the address of one record below its service.
func (r *reading) resource(id string, current []byte) (string, error) {
	predicate, err := r.predicate(id, current, escapeKey)
	return url.PathEscape(r.Set) + predicate, err
}

// escapeKey escapes a literal of a key; its quotes stay.
func escapeKey(text string) string {
	return strings.ReplaceAll(url.PathEscape(text), "%27", "'")
}

// functionURL writes the call of a function import about a record.
func (c *client) functionURL(r *reading, o *sendOptions, w driver.Command) (*url.URL, error) {
	parts := manifest.SplitID(w.RemoteID, len(r.Key))
	if r.found {
		parts, _ = r.keyOf(w.Current)
	}
	if w.RemoteID == "" || len(parts) != len(r.Key) {
		return nil, badID(w.RemoteID)
	}
	values := map[string]string{}
	for i, name := range r.Key {
		values[name] = parts[i]
	}
	parameters := o.Parameters
	if parameters == nil {
		parameters = map[string]string{}
		for _, name := range r.Key {
			parameters[name] = name
		}
	}
	var query []parameter
	for _, name := range sortedKeys(parameters) {
		member := parameters[name]
		value, ok := values[member]
		if !ok {
			value = plain(find(w.Current, strings.Split(member, "/")...))
		}
		written, ok := literal(r.Protocol, r.typeOf(member, typeString), value)
		if !ok {
			return nil, unfit("The record's " + member + " is not of the type that the connector says.")
		}
		query = append(query, parameter{name, written})
	}
	return c.address(r.Service, url.PathEscape(o.Function), query...), nil
}

// match gives the entity tag that a change of a record is made for: that of the record where the write insists, else any.
func (c *client) match(w driver.Command) (string, error) {
	if w.Op == manifest.Create || c.options.IfMatch != nil && !*c.options.IfMatch {
		if w.Insist {
			return "", unfit("The connector says that the system knows no entity tags, so it cannot be told for which version of the record the write is made.")
		}
		return "", nil
	}
	if !w.Insist {
		return "*", nil
	}
	tag := text(find(w.Current, etagMember))
	if tag == "" || strings.ContainsFunc(tag, func(c rune) bool { return c < ' ' || c > '~' }) {
		return "", unfit("The record has no entity tag, so the system cannot be told for which version of it the write is made.")
	}
	return tag, nil
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// writtenBy reads what came of a write from a good answer: the new record's id. What the record looks like is to be read, for an answer does not expand what a reading does.
func (c *client) writtenBy(r *reading, a *answer, w driver.Command) (driver.Written, error) {
	body := bytes.TrimSpace(a.body)
	if w.Op != manifest.Create {
		if len(body) > 0 && rawjson.Valid(body) != nil {
			return driver.Written{}, notJSON(rawjson.ErrSyntax)
		}
		return driver.Written{}, nil
	}
	if len(body) == 0 && a.status == http.StatusOK {
		return driver.Written{}, torn("The answer is empty where the record that was made should be.")
	}
	if len(body) == 0 {
		return driver.Written{}, nil
	}
	if err := rawjson.Valid(body); err != nil {
		return driver.Written{}, notJSON(err)
	}
	if r.Protocol == v2 {
		body = find(body, "d")
	}
	id := r.remoteID(body)
	if id == "" {
		return driver.Written{}, torn("The answer does not hold the record that was written.")
	}
	return driver.Written{RemoteID: id}, nil
}

// ReadOne implements driver.Writer.
func (c *client) ReadOne(ctx context.Context, e *manifest.Entity, id string) ([]byte, error) {
	r := c.readings[e.Name]
	if r == nil {
		return nil, unfit("The connector does not say how to read " + e.Name + ".")
	}
	if r.found {
		return c.findOne(ctx, r, id)
	}
	resource, err := r.resource(id, nil)
	if err != nil {
		return nil, err
	}
	at := c.address(r.Service, resource, r.shape()...)
	a, err := c.ask(ctx, r.Protocol, at)
	if statusOf(err) == http.StatusNotFound && a != nil && saidIn(a.body).own {
		return nil, c.absent(ctx, r, id)
	}
	if err != nil {
		return nil, err
	}
	if err := rawjson.Valid(a.body); err != nil {
		return nil, notJSON(err)
	}
	record := bytes.TrimSpace(a.body)
	if r.Protocol == v2 {
		record = find(record, "d")
	}
	if r.remoteID(record) != id {
		return nil, torn("The answer does not hold the record that was asked for.")
	}
	return c.whole(ctx, r, at, record)
}

// sure keeps a refusal that says that there is no such record only where its set says so too: a service, a set or a function that is not there is refused in the same words.
func (c *client) sure(ctx context.Context, r *reading, id string, refused error) error {
	if driver.KindOf(refused) != driver.Gone || c.absent(ctx, r, id) == nil {
		return refused
	}
	e := web.As(refused)
	e.Kind = driver.Invalid
	e.Detail = web.Sentence(e)
	return e
}

// absent asks the set whether it has a record. It is an error that it has, or that it does not tell.
func (c *client) absent(ctx context.Context, r *reading, id string) error {
	wanted, err := r.are(id)
	if err != nil {
		return err
	}
	t, err := c.list(ctx, r, list{filters: append(r.fixedTo(), wanted), order: r.orderOf(false), top: 1})
	if err == nil && len(t.records) > 0 {
		return torn("The system says that there is no such record, and shows it in its list.")
	}
	return err
}

// findOne reads a record whose id is no key.
func (c *client) findOne(ctx context.Context, r *reading, id string) ([]byte, error) {
	wanted, err := r.are(id)
	if err != nil {
		return nil, err
	}
	t, err := c.list(ctx, r, list{filters: append(r.always(), wanted), order: r.orderOf(false), top: 2})
	switch {
	case err != nil:
		return nil, err
	case len(t.records) == 0:
		return nil, nil
	case len(t.records) > 1 || r.remoteID(t.records[0]) != id:
		return nil, torn("The answer does not hold the one record that was asked for.")
	}
	return c.whole(ctx, r, t.from, t.records[0])
}

// Job implements driver.Writer: nothing is done later.
func (c *client) Job(context.Context, driver.Command, string) (driver.Job, error) {
	return driver.Job{}, unfit("This system does what it is told at once; there are no jobs to ask for.")
}
