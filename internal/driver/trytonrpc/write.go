package trytonrpc

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/web"
	"github.com/busbar-dev/busbar/internal/manifest"
)

var _ driver.Writer = (*client)(nil)

// write is one call that has an effect, ready to be sent.
type write struct {
	driver.Command
	reading *reading
	sending *sending
	id      int64
	method  string
	params  []any
	context map[string]any // laid over the user's own
}

// Write implements driver.Writer. Whatever is to be read for it is read before it is sent, and an error until then proves that nothing was.
func (c *client) Write(ctx context.Context, command driver.Command) (driver.Written, error) {
	w, err := c.prepare(ctx, command)
	if err != nil {
		return driver.Written{}, web.Before(err)
	}
	result, answer, err := c.effect(ctx, w.context, w.method, w.params...)
	if err != nil {
		return driver.Written{}, c.explain(ctx, w, err)
	}
	written := driver.Written{RemoteID: command.RemoteID, Answer: answer}
	if w.Op == manifest.Create {
		if written.RemoteID, err = c.created(ctx, w, result); err != nil {
			return written, answered(err, answer)
		}
	}
	return written, nil
}

// prepare makes the call of a command.
func (c *client) prepare(ctx context.Context, command driver.Command) (*write, error) {
	w, err := c.begin(command)
	if err != nil {
		return nil, err
	}
	if err := c.guard(ctx, w); err != nil {
		return nil, err
	}
	switch {
	case w.Move != nil:
		err = w.press()
	case w.Op == manifest.Create:
		err = c.prepareCreate(ctx, w)
	case w.Op == manifest.Update:
		err = c.prepareUpdate(ctx, w)
	default:
		w.call("delete", []int64{w.id})
	}
	return w, err
}

// begin finds what the manifest says of a command.
func (c *client) begin(command driver.Command) (*write, error) {
	w := &write{Command: command, reading: c.readings[command.Entity.Name], context: map[string]any{}}
	if w.reading == nil {
		return nil, invalid("The manifest does not say how to read " + command.Entity.Name + ".")
	}
	var problems manifest.Problems
	if w.sending, problems = sendingOf(command.Entity, w.reading, command.Op); len(problems) > 0 && command.Move == nil {
		return nil, &driver.Error{Kind: driver.Invalid, Detail: "The manifest has mistakes in how " + command.Entity.Name + " are written.", Err: problems}
	}
	if command.Op == manifest.Create {
		return w, nil
	}
	var err error
	w.id, err = idFrom(command.RemoteID)
	return w, err
}

func (w *write) call(method string, params ...any) {
	w.method, w.params = "model."+w.sending.Model+"."+method, params
}

// press makes the call of a button.
func (w *write) press() error {
	var p pressing
	if problems := w.Move.Send.Decode(&p); len(problems) > 0 {
		return &driver.Error{Kind: driver.Invalid, Detail: "The manifest does not say which button makes a record " + w.Move.To + ".", Err: problems}
	}
	w.call(p.Call, []int64{w.id})
	return nil
}

func (c *client) prepareCreate(ctx context.Context, w *write) error {
	model, values, err := c.newValues(ctx, w)
	if err == nil {
		w.method, w.params = "model."+model+".create", []any{[]any{values}}
	}
	return err
}

// newValues gives the values of a new record, or of the one through which it is made.
func (c *client) newValues(ctx context.Context, w *write) (model string, values map[string]any, err error) {
	own, held, err := w.parts()
	if err != nil {
		return "", nil, err
	}
	f := &filler{client: c, reading: w.reading, sending: w.sending}
	if values, err = f.header(ctx, own, true); err != nil || w.sending.Through == nil {
		return w.sending.Model, values, err
	}
	t := w.sending.Through
	holder, err := f.fill(ctx, t.Model, t.filling, held, nil, true)
	if err == nil {
		holder[t.List] = []any{[]any{"create", []any{values}}}
	}
	return t.Model, holder, err
}

func (c *client) prepareUpdate(ctx context.Context, w *write) error {
	model, id, values, err := c.newerValues(ctx, w)
	if err == nil {
		w.method, w.params = "model."+model+".write", []any{[]int64{id}, values}
	}
	return err
}

// newerValues gives the values that an update writes, and the record that it writes them to: its own, or the one through which both are changed.
func (c *client) newerValues(ctx context.Context, w *write) (model string, id int64, values map[string]any, err error) {
	own, held, err := w.parts()
	if err != nil {
		return "", 0, nil, err
	}
	f := &filler{client: c, reading: w.reading, sending: w.sending, current: w.Current, id: w.id}
	if values, err = f.header(ctx, own, false); err != nil || len(held) == 0 {
		return w.sending.Model, w.id, values, err
	}
	t := w.sending.Through
	holder, err := idOfOther(w.Current, t.Member)
	if err != nil {
		return "", 0, nil, err
	}
	written, err := f.fill(ctx, t.Model, t.filling, held, nil, false)
	if err == nil && len(values) > 0 {
		written[t.List] = []any{[]any{"write", []int64{w.id}, values}}
	}
	return t.Model, holder, written, err
}

// parts takes the body apart: the record's own members, and those of the record that it is written through.
func (w *write) parts() (own, held members, err error) {
	if err := json.Unmarshal(w.Body, &own); err != nil || own == nil {
		return nil, nil, &driver.Error{Kind: driver.Invalid, Detail: "What is to be written is not an object.", Err: err}
	}
	if w.sending.Through == nil {
		return own, nil, nil
	}
	name := w.sending.Through.Member + "."
	if raw, ok := own[name]; ok {
		delete(own, name)
		if err := json.Unmarshal(raw, &held); err != nil {
			return nil, nil, invalid("The member " + name + " is not an object.")
		}
	}
	return own, held, nil
}

// created reads the new record's id out of the answer.
func (c *client) created(ctx context.Context, w *write, result []byte) (string, error) {
	var ids []int64
	if json.Unmarshal(result, &ids) != nil || len(ids) != 1 {
		return "", &driver.Error{Kind: driver.Torn, Detail: "Tryton's answer to a create does not name one record."}
	}
	if w.sending.Through == nil {
		return strconv.FormatInt(ids[0], 10), nil
	}
	own, err := c.heldBy(ctx, w, ids[0])
	if err != nil || len(own) != 1 {
		return "", nil // the write is done: its record is found by its mark
	}
	return strconv.FormatInt(own[0], 10), nil
}

// heldBy lists the records that were made through another one.
func (c *client) heldBy(ctx context.Context, w *write, holder int64) (ids []int64, err error) {
	t := w.sending.Through
	raw, err := c.call(ctx, w.reading.Context, "model."+w.sending.Model+".search", []any{[]any{t.Member, "=", holder}}, 0, 2, byID())
	if err != nil {
		return nil, err
	}
	return ids, json.Unmarshal(raw, &ids)
}

func idFrom(remoteID string) (int64, error) {
	id, err := strconv.ParseInt(remoteID, 10, 64)
	if err != nil {
		return 0, invalid("Tryton's ids are whole numbers; this is none: " + strconv.Quote(remoteID) + ".")
	}
	return id, nil
}

func invalid(detail string) error { return &driver.Error{Kind: driver.Invalid, Detail: detail} }
