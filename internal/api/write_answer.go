package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
	"github.com/busbar-dev/busbar/internal/write"
)

// rendered is an answer as bytes, so that it can be kept with an idempotency key and given again.
type rendered struct {
	status  int
	headers map[string]string
	body    []byte
}

func (a *rendered) set(name, value string) {
	if value != "" {
		a.headers[name] = value
	}
}

// send writes the answer.
func (a *rendered) send(hc huma.Context) {
	for _, name := range slices.Sorted(maps.Keys(a.headers)) {
		hc.SetHeader(name, a.headers[name])
	}
	hc.SetHeader("Content-Length", strconv.Itoa(len(a.body)))
	hc.SetStatus(a.status)
	_, _ = hc.BodyWriter().Write(a.body)
}

// replayOf gives a kept answer again.
func replayOf(k *store.IdempotencyKey) (*rendered, error) {
	a := &rendered{status: k.Status, headers: map[string]string{}, body: k.Answer}
	if len(k.Headers) > 0 {
		if err := json.Unmarshal(k.Headers, &a.headers); err != nil {
			return nil, fmt.Errorf("read the headers of a kept answer: %w", err)
		}
	}
	a.set(replayedHeader, "true")
	return a, nil
}

// answering turns outcomes of writes into answers. It reads nothing, so that it can do so within a transaction.
type answering struct {
	entity string
	info   *info
}

// stored is write.Request's Render.
func (w answering) stored(o *write.Outcome) (status int, headers, body []byte) {
	a := w.of(o)
	headers, _ = json.Marshal(a.headers) // texts
	return a.status, headers, a.body
}

// of gives the answer to what is known of a write.
func (w answering) of(o *write.Outcome) *rendered {
	a := &rendered{headers: map[string]string{"Content-Type": "application/json"}}
	switch status := o.Item.Status; {
	case status == store.ItemApplied && o.Record != nil:
		w.applied(a, o)
	case status == store.ItemRejected, status == store.ItemCancelled:
		w.problem(a, o, rejection(o.Item))
	case status == store.ItemUnknown, status == store.ItemReconciling && len(o.Item.Job) == 0, status == store.ItemNeedsHuman:
		w.problem(a, o, outcomeUnknown(o))
	default:
		a.status = http.StatusAccepted
		a.set("Location", operationPath(o.Operation.ID))
		a.body = operationOf(o)
	}
	if o.Operation != nil {
		a.set(operationHeader, o.Operation.ID)
	}
	a.set(warningsHeader, warningsText(o.Item.Warnings))
	return a
}

func (w answering) applied(a *rendered, o *write.Outcome) {
	a.status, a.body = http.StatusOK, []byte(o.Record.JSON)
	if o.Item.Op == string(manifest.Create) {
		a.status = http.StatusCreated
		a.set("Location", recordPath(w.entity, o.Item.Record))
	}
	if tag, err := etag(o.Record.JSON); err == nil {
		a.set("ETag", tag)
	}
}

func (w answering) problem(a *rendered, o *write.Outcome, p *problem.Error) {
	if o.Operation != nil {
		p.With("operation", operationPath(o.Operation.ID))
	}
	d := w.info.document(p)
	a.status, a.body = d.Status, mustMarshal(d)
	for name := range d.headers {
		a.set(name, d.headers.Get(name))
	}
	a.set("Content-Type", problemType)
}

// rejection gives the problem that an item was rejected with.
func rejection(it *store.Item) *problem.Error {
	if len(it.Error) > 0 {
		return problem.FromDocument(it.Error)
	}
	return problem.New(problem.Conflict, "The write was cancelled before it was sent: it had no effect.")
}

// outcomeUnknown says that nobody knows yet, or can find out, what became of a write.
func outcomeUnknown(o *write.Outcome) *problem.Error {
	p := problem.Newf(problem.WriteOutcomeUnknown, "The write was sent, but no definite answer came; Busbar is finding out what became of it. Read %s for the outcome; do not send the write again under another key.",
		operationPath(o.Operation.ID))
	if o.Item.Status != store.ItemNeedsHuman {
		return p
	}
	p.Detail = fmt.Sprintf("The write was sent, but no definite answer came, and the system gives no way to find out what became of it. Look in the system, then decide: POST %s/items/%d/resolve.",
		operationPath(o.Operation.ID), o.Item.N)
	if len(o.Item.Error) > 0 {
		kept := problem.FromDocument(o.Item.Error)
		p.Items, p.Upstream, p.Extra = kept.Items, kept.Upstream, kept.Extra
	}
	return p
}

// answerOf gives the answer to an outcome; the one kept with the key where there is one.
func (s *server) answerOf(ctx context.Context, made answering, w write.Request, o *write.Outcome) (*rendered, error) {
	if !o.Replayed {
		return made.of(o), nil
	}
	kept := o.Answer
	if kept == nil {
		var err error
		kept, err = s.Store.Key(ctx, connectionKeys(w.Connection), w.Key)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, fmt.Errorf("read what an idempotency key led to: %w", err)
		}
	}
	if kept != nil && kept.Status != 0 {
		return replayOf(kept)
	}
	a := made.of(o)
	if err := s.keepLate(ctx, kept, a, o.Item.Status); err != nil {
		return nil, err
	}
	a.set(replayedHeader, "true")
	return a, nil
}

// keepLate stores the answer to a write that ended when nobody waited for it, so that it is the same from now on.
func (s *server) keepLate(ctx context.Context, kept *store.IdempotencyKey, a *rendered, status store.ItemStatus) error {
	if kept == nil || status != store.ItemApplied && status != store.ItemRejected {
		return nil
	}
	k := *kept
	k.Status, k.Headers, k.Answer = a.status, mustMarshal(a.headers), a.body
	err := s.Store.Write(ctx, func(tx *store.Tx) error { return tx.AnswerKey(ctx, k) })
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("keep an answer with its idempotency key: %w", err)
	}
	return nil
}

// connectionKeys is whose the idempotency keys of a connection's own routes are.
func connectionKeys(c *store.Connection) store.KeyOwner { return store.KeyOwner(c.ID) }

// mustMarshal writes what is made of texts and numbers.
func mustMarshal(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("write an answer: %v", err))
	}
	return text
}

// mostWarnings bounds the header in bytes; the operation's item has them all.
const mostWarnings = 4 << 10

// warningsText gives the warnings as JSON fit for a header: ASCII, and as many as there is room for.
func warningsText(list []byte) string {
	var items []problem.Item
	if len(list) == 0 || json.Unmarshal(list, &items) != nil {
		return ""
	}
	for ; len(items) > 0; items = items[:len(items)-1] {
		if text := ascii(mustMarshal(items)); len(text) <= mostWarnings {
			return text
		}
	}
	return ""
}

// ascii writes what is not ASCII in JSON text as escapes.
func ascii(text []byte) string {
	out := make([]byte, 0, len(text))
	for _, r := range string(text) {
		switch {
		case r < 0x7f:
			out = append(out, byte(r))
		case r > 0xffff:
			r -= 0x10000
			out = fmt.Appendf(out, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
	}
	return string(out)
}
