package rest

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/web"
	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/rawjson"
)

// Write implements driver.Writer.
func (c *client) Write(ctx context.Context, w driver.Command) (driver.Written, error) {
	o, err := c.sendOf(w)
	if err != nil {
		return driver.Written{}, err
	}
	req, err := c.writing(ctx, o, w)
	if err != nil {
		return driver.Written{}, err
	}
	a, err := c.send(req)
	if err == nil {
		err = c.login.SignedOut(a.proof, c.decide(a, func(status int) driver.Kind { return kindOfWrite(status, w) }))
	}
	var written driver.Written
	switch {
	case err == nil && o.Job != nil:
		written, err = o.Job.taken(a)
	case err == nil:
		written, err = o.written(a, w)
	}
	if err == nil {
		written.Answer = c.kept(a.body, true)
	}
	return written, c.answered(err, a)
}

// answered adds to an error what came back.
func (c *client) answered(err error, a *answer) error {
	var e *driver.Error
	if errors.As(err, &e) && a != nil {
		e.Answer = c.kept(a.body, false)
	}
	return err
}

// sendOf finds the call that a command stands for.
func (c *client) sendOf(w driver.Command) (*sendOptions, error) {
	options := w.Entity.Operations[w.Op].Send
	if w.Move != nil && w.Move.Send.Node != nil {
		options = w.Move.Send
	}
	if options.Node == nil {
		return nil, unfit("The connector does not say how to " + string(w.Op) + " " + w.Entity.Name + ".")
	}
	o, problems := decodeSend(options, w.Op)
	if len(problems) > 0 {
		return nil, unfit("The connector does not say soundly how to " + string(w.Op) + " " + w.Entity.Name + ": " + problems.Error())
	}
	return o, nil
}

// unfit is the error of a write that the manifest cannot express; nothing was sent, and never will be.
func unfit(detail string) error { return &driver.Error{Kind: driver.Invalid, Detail: detail} }

// writing makes the request of a command.
func (c *client) writing(ctx context.Context, o *sendOptions, w driver.Command) (*http.Request, error) {
	body, err := o.bodyOf(w)
	if err != nil {
		return nil, err
	}
	req, err := c.calling(ctx, &o.callOptions, w.RemoteID, body)
	if err != nil {
		return nil, err
	}
	if o.Idempotency != "" {
		req.Header.Set(o.Idempotency, w.Mark)
	}
	return req, o.insist(req.Header, w)
}

// bodyOf makes what a command sends: its members, within what the manifest gives, and where it wants them the record's id and version.
func (o *sendOptions) bodyOf(w driver.Command) ([]byte, error) {
	members := w.Body
	if w.Move != nil && w.Move.Send.Node != nil {
		members = nil
	}
	body, err := o.body(members)
	if err != nil {
		return nil, err
	}
	if len(o.IDIn) > 0 {
		if body, err = layAny(keyOf(w), orObject(body), o.IDIn); err != nil {
			return nil, err
		}
	}
	if v := o.Version; w.Insist && v != nil && len(v.Member) > 0 {
		return layVersion(w, v.From, orObject(body), v.Member)
	}
	return body, nil
}

// calling makes the request of a call that has an effect.
func (c *client) calling(ctx context.Context, o *callOptions, id string, body []byte) (*http.Request, error) {
	u, err := c.recordURL(o.Path, o.Query, id)
	if err != nil {
		return nil, err
	}
	req, err := c.request(ctx, o.Method, u, string(body))
	if err != nil {
		return nil, err
	}
	for name, text := range o.Headers {
		req.Header.Set(name, c.expand(text))
	}
	return req, nil
}

// insist tells the system which version of the record the write is made for.
func (o *sendOptions) insist(h http.Header, w driver.Command) error {
	switch v := o.Version; {
	case v == nil && w.Insist:
		return unfit("The connector does not say how the system is told which version of a record a write is made for.")
	case v == nil || v.Header == "":
	case w.Insist:
		version := text(find(w.Current, v.From))
		if version == "" || strings.ContainsFunc(version, func(r rune) bool { return r < ' ' || r > '~' }) {
			return noVersion(v.From)
		}
		h.Set(v.Header, strings.ReplaceAll(orElse(v.Text, "{}"), "{}", version))
	case v.Else != "":
		h.Set(v.Header, v.Else)
	}
	return nil
}

func noVersion(at manifest.Path) error {
	return unfit("The record has no version at " + at.String() + ", so the system cannot be told for which one the write is made.")
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// send sends a request that has an effect, once, and reads the whole answer.
func (c *client) send(req *http.Request) (*answer, error) {
	p, err := c.login.Writing(req)
	if err != nil {
		return nil, err
	}
	resp, err := egress.Do(c.config.HTTP, req)
	if err != nil {
		return nil, c.answerer().Lost(err)
	}
	defer func() { _ = resp.Body.Close() }()
	a := &answer{status: resp.StatusCode, header: resp.Header, proof: p}
	a.body, err = web.ReadAll(resp)
	if err != nil {
		return a, c.answerer().Broken(err)
	}
	return a, nil
}

// written reads what came of a write from a good answer. One that does not hold what it must proves nothing; one that holds nothing at all is good, and what it lacks is to be read.
func (o *sendOptions) written(a *answer, w driver.Command) (driver.Written, error) {
	var got driver.Written
	if o.IDHeader != "" {
		got.RemoteID = lastOf(a.header.Get(o.IDHeader))
	}
	body := bytes.TrimSpace(a.body)
	if len(body) == 0 || o.Answer == answerNone && body[0] != '{' && body[0] != '[' {
		return got, nil
	}
	if err := rawjson.Valid(a.body); err != nil {
		return driver.Written{}, notJSON(err)
	}
	if o.Answer == answerNone {
		return got, nil
	}
	if o.Answer == answerID {
		if got.RemoteID = orElse(text(find(a.body, o.ID)), got.RemoteID); got.RemoteID == "" && w.Op == manifest.Create {
			return driver.Written{}, torn("The answer has no id at " + o.ID.String() + ".")
		}
		return got, nil
	}
	return o.record(got, a, w)
}

// record takes the record from an answer; it must be the one that was written.
func (o *sendOptions) record(got driver.Written, a *answer, w driver.Command) (driver.Written, error) {
	record := a.body
	if len(o.Record) > 0 {
		record = find(a.body, o.Record)
	}
	id := text(find(a.body, o.ID))
	if len(o.ID) == 0 {
		id = remoteID(record, w.Entity.ID)
	}
	switch {
	case id == "":
		return driver.Written{}, torn("The answer does not hold the record that was written.")
	case w.Op != manifest.Create && id != w.RemoteID:
		return driver.Written{}, torn("The answer holds another record than the one that was written.")
	}
	got.RemoteID, got.Record = id, bytes.TrimSpace(record)
	return got, nil
}

// lastOf gives the id that an address ends with: its last segment, or what is in parentheses there.
func lastOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Path == "" {
		return ""
	}
	last := path.Base(u.Path)
	if _, key, ok := strings.Cut(last, "("); ok {
		last = strings.Trim(strings.TrimSuffix(key, ")"), "'")
	}
	return last
}
