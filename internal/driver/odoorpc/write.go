package odoorpc

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
	call    call
	values  map[string]any // create, update
}

// Write implements driver.Writer. Whatever is to be read for it is read before it is sent, and an error until then proves that nothing was.
func (c *client) Write(ctx context.Context, command driver.Command) (driver.Written, error) {
	w, err := c.prepare(ctx, command)
	if err != nil {
		return driver.Written{}, web.Before(err)
	}
	result, answer, err := c.effect(ctx, w.call)
	if err != nil {
		return driver.Written{}, c.explain(ctx, w, err)
	}
	written := driver.Written{RemoteID: command.RemoteID, Answer: answer}
	if w.Op == manifest.Create {
		ids, err := createdIDs(result, 1)
		if err != nil {
			return written, answered(err, answer)
		}
		written.RemoteID = strconv.FormatInt(ids[0], 10)
	}
	return written, nil
}

// prepare makes the call of a command.
func (c *client) prepare(ctx context.Context, command driver.Command) (*write, error) {
	w, err := c.begin(ctx, command)
	if err != nil {
		return nil, err
	}
	switch {
	case w.Move != nil && w.Move.Send.Node != nil:
		err = w.press()
	case w.Op == manifest.Create:
		if err = c.prepareValues(ctx, w); err == nil {
			w.call = call{model: w.sending.Model, method: "create", first: &argument{"vals_list", []any{w.values}}}
		}
	case w.Op == manifest.Update:
		if err = c.prepareValues(ctx, w); err == nil {
			w.call = call{model: w.sending.Model, method: "write", ids: []int64{w.id}, named: map[string]any{"vals": w.values}}
		}
	default:
		w.call = call{model: w.sending.Model, method: "unlink", ids: []int64{w.id}}
	}
	return w, err
}

// begin finds what the manifest says of a command, and that its record is there: Odoo deletes what is not without a word.
func (c *client) begin(ctx context.Context, command driver.Command) (*write, error) {
	w := &write{Command: command, reading: c.readings[command.Entity.Name]}
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
	if w.id, err = idFrom(command.RemoteID); err != nil {
		return nil, err
	}
	if is, err := c.there(ctx, w.reading, w.id); err != nil || !is {
		return nil, orGone(err)
	}
	return w, nil
}

func orGone(err error) error {
	if err != nil {
		return err
	}
	return &driver.Error{Kind: driver.Gone, Detail: "Odoo has no such record."}
}

// press makes the call of a button.
func (w *write) press() error {
	var p pressing
	if problems := w.Move.Send.Decode(&p); len(problems) > 0 {
		return &driver.Error{Kind: driver.Invalid, Detail: "The manifest does not say which button makes a record " + w.Move.To + ".", Err: problems}
	}
	w.call = call{model: w.sending.Model, method: p.Call, ids: []int64{w.id}}
	return nil
}

func (c *client) prepareValues(ctx context.Context, w *write) error {
	var given members
	if err := json.Unmarshal(w.Body, &given); err != nil || given == nil {
		return &driver.Error{Kind: driver.Invalid, Detail: "What is to be written is not an object.", Err: err}
	}
	f := &filler{client: c, sending: w.sending}
	if w.Op == manifest.Update {
		if f.current = w.Current; f.current == nil {
			f.current = []byte("{}")
		}
	}
	var err error
	if w.values, err = f.header(ctx, w.reading.tree, given); driver.KindOf(err) == driver.Gone {
		return noOther(err)
	}
	return err
}

// noOther is about a record that a write names, not the one that is written.
func noOther(err error) error {
	return &driver.Error{Kind: driver.Invalid, Detail: "Odoo has no such record as one that this write names.", Err: err}
}

// createdIDs reads the ids of new records out of an answer.
func createdIDs(result []byte, want int) ([]int64, error) {
	var ids []int64
	if json.Unmarshal(result, &ids) != nil || len(ids) != want {
		return nil, &driver.Error{Kind: driver.Torn, Detail: "Odoo's answer to a create does not name the new records."}
	}
	return ids, nil
}
