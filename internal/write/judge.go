package write

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/zeebo/xxh3"

	"github.com/busbar-dev/busbar/internal/check"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/rawjson"
	"github.com/busbar-dev/busbar/internal/store"
)

// ask is one write to be judged.
type ask struct {
	op      manifest.Op
	id      uuid.UUID // update, delete
	data    []byte
	ifMatch string
	strict  bool
	mark    string
	renewed bool // the record has been read from the system just now
}

// judged is the verdict on a write, and the record that it was made for.
type judged struct {
	check.Verdict
	current *check.Current // nil: there is none
}

// judge gives the verdict that validate, writes and items of batches share. Where the rules want it, the record is read from the system first, and stored when it has
// changed. Errors: *driver.Error where that read failed, or of the store.
func (t *target) judge(ctx context.Context, a ask) (judged, error) {
	current, err := t.current(ctx, a)
	if err != nil {
		return judged{}, err
	}
	var failed error
	v := check.Check(check.Input{
		System: t.system, Entity: t.entity, Mapper: t.mapper, Env: t.env, Rules: t.rules, Op: a.op, Data: a.data, Strict: a.strict, IfMatch: a.ifMatch,
		Current: current, Mark: a.mark, Resolve: t.resolver(ctx, &failed), Words: t.words(ctx, &failed),
	})
	return judged{Verdict: v, current: current}, failed
}

// current gives the record that a write changes.
func (t *target) current(ctx context.Context, a ask) (*check.Current, error) {
	if a.op == manifest.Create {
		return nil, nil
	}
	now, err := t.stored(ctx, a.id)
	if err != nil || now == nil || now.Deleted || a.renewed || !t.wantsFresh(a) {
		return now, err
	}
	raw, err := t.writer.ReadOne(ctx, t.entity, now.RemoteID)
	if err != nil {
		return nil, err
	}
	if raw != nil && t.sameContent(now.Raw, raw) {
		return now, nil
	}
	if _, err := t.keep(ctx, now.RemoteID, raw); err != nil {
		return nil, err
	}
	return t.stored(ctx, a.id)
}

// wantsFresh says that the rules, or a version that the caller insists on, are about the record as the system has it now.
func (t *target) wantsFresh(a ask) bool {
	op, declared := t.entity.Operations[a.op]
	return declared && (op.Fresh || a.ifMatch != "" && !op.Insists)
}

func (t *target) stored(ctx context.Context, id uuid.UUID) (*check.Current, error) {
	r, err := t.Store.RecordForWrite(ctx, t.conn.Scope(), t.entity.Name, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s %s: %w", t.entity.Name, id, err)
	}
	return &check.Current{JSON: []byte(r.JSON), Raw: []byte(r.Raw), RemoteID: r.RemoteID, Version: r.Version, Deleted: r.Deleted}, nil
}

// sameContent says that two forms of a record differ in nothing that counts.
func (t *target) sameContent(a, b []byte) bool {
	equal, err := rawjson.Equal(a, b, t.mapper.Volatile())
	return err == nil && equal
}

// keep stores a record as the system shows it now, in a transaction of its own; raw nil: the system has it no more.
func (t *target) keep(ctx context.Context, remoteID string, raw []byte) (*store.Record, error) {
	w, err := t.written(remoteID, raw)
	if err != nil {
		return nil, err
	}
	var rec *store.Record
	err = t.Store.Write(ctx, func(tx *store.Tx) (err error) {
		rec, err = tx.ApplyRecord(ctx, t.conn.Scope(), t.entity.Name, w, t.Now())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("store %s %s: %w", t.entity.Name, remoteID, err)
	}
	return rec, nil
}

// written makes the record to be stored from what the system shows; raw nil: it is gone. A record that cannot be mapped is an error of kind Invalid: the connector does not fit.
func (t *target) written(remoteID string, raw []byte) (store.WrittenRecord, error) {
	c := store.Change{ID: t.recordID(remoteID), RemoteID: remoteID}
	if raw == nil {
		return store.WrittenRecord{Change: c, Gone: goneNotFound}, nil
	}
	m, err := t.mapper.Map(raw, t.env)
	if err != nil {
		return store.WrittenRecord{}, &driver.Error{Kind: driver.Torn, Detail: "The record cannot be read as the system shows it now: " + err.Error(), Err: err}
	}
	c.Raw, c.RawHash, c.Fields, c.RemoteUpdatedAt, c.RangeAt = raw, xxh3.Hash128(raw).Bytes(), m.Fields, m.RemoteUpdatedAt, m.RangeAt
	return store.WrittenRecord{Change: c}, nil
}

// The evidence of a deletion that a write met or made.
const (
	goneNotFound = "not_found"
	goneExplicit = "explicit"
)

// resolver finds the remote ids of records that a write refers to; failed is the first look-up that could not be made.
func (t *target) resolver(ctx context.Context, failed *error) func(entity string, id uuid.UUID) (string, bool) {
	return func(entity string, id uuid.UUID) (string, bool) {
		found, err := t.Store.RemoteIDs(ctx, t.conn.Scope(), entity, []uuid.UUID{id})
		if err != nil && !errors.Is(err, store.ErrNotFound) && *failed == nil {
			*failed = fmt.Errorf("look up a reference to %s: %w", entity, err)
		}
		remote, ok := found[id]
		return remote, ok
	}
}

// refusal makes the problem that stands for an error of a call before anything was sent.
func (t *target) refusal(err error) *problem.Error {
	return problemOf(t.system.Name, err)
}
