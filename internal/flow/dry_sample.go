package flow

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/flow/lang"
	"github.com/busbar-dev/busbar/internal/flow/machine"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// most is how many items of a list, or changes, a test works on.
func (d *dry) most() int {
	if d.test.Most <= 0 {
		return fewTested
	}
	return min(d.test.Most, mostTested)
}

// firstChanges takes the records that are asked for, else the first of the trigger's stream, for what has changed.
func (d *dry) firstChanges(t *lang.ChangeTrigger, set Settings) error {
	params, err := set.parameters(d.prog.Flow(), d.secrets)
	if err != nil {
		return err
	}
	conn := d.conns[t.Connection]
	in := &changesInput{Connection: conn.ID, Entity: t.Entity, Changes: []change{}}
	recs, err := d.namedRecords(conn, t.Entity)
	if err != nil {
		return err
	}
	for _, rec := range recs {
		d.takeChange(in, t, params, rec)
	}
	for _, c := range slices.Concat(in.Changes, in.Unreadable) {
		d.given[c.ID] = true
	}
	if len(recs) == 0 {
		if err := d.readChanges(in, t, conn, params); err != nil {
			return err
		}
	}
	d.run.TriggerKind = lang.Change
	d.run.Input, err = json.Marshal(in)
	return err
}

// readChanges reads the trigger's stream until it has given enough.
func (d *dry) readChanges(in *changesInput, t *lang.ChangeTrigger, conn *store.Connection, params map[string]any) error {
	at := int64(0)
	for more, page := true, 0; more && page < pagesAtOnce; page++ {
		recs, others, err := d.Store.Page(d.ctx, conn.Scope(), t.Entity, store.Range{After: at, Limit: recordsAPage, Bytes: bytesOfAPage, Deleted: testedType(t) == "deleted"})
		if errors.Is(err, store.ErrNotFound) {
			return problem.Newf(problem.EntityNotEnabled, "The connection for %s does not sync %s. Add it to the connection's entities.", t.Connection, t.Entity)
		}
		if err != nil {
			return fmt.Errorf("read %s of connection %s: %w", t.Entity, conn.ID, err)
		}
		for _, rec := range recs {
			if at = rec.Seq; in.room(min(d.most(), t.Batch)) <= 0 {
				return nil
			}
			d.takeChange(in, t, params, rec)
		}
		more = others
	}
	return nil
}

// testedType is what a record counts as: created where the trigger is for that.
func testedType(t *lang.ChangeTrigger) string {
	if slices.Contains(t.Types, "created") {
		return "created"
	}
	return t.Types[0]
}

// takeChange takes a record in as a change, if the trigger's condition takes it.
func (d *dry) takeChange(in *changesInput, t *lang.ChangeTrigger, params map[string]any, rec store.Record) {
	var seen struct {
		ID       uuid.UUID `json:"id"`
		RemoteID string    `json:"remote_id"`
		Version  string    `json:"version"`
		At       time.Time `json:"updated_at"`
	}
	_ = json.Unmarshal([]byte(rec.JSON), &seen) // the store's own envelope
	in.take(t, params, store.FeedEntry{Seq: rec.Seq, Type: testedType(t), ID: seen.ID, RemoteID: seen.RemoteID, Version: seen.Version, ChangedAt: seen.At, JSON: rec.JSON})
}

// namedRecords gives those of the records that are asked for which a stream has.
func (d *dry) namedRecords(conn *store.Connection, entity string) (recs []store.Record, err error) {
	for _, text := range d.test.Records {
		id, err := uuid.Parse(text)
		if err != nil {
			continue
		}
		rec, err := d.Store.Get(d.ctx, conn.Scope(), entity, id, false)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read %s %s: %w", entity, text, err)
		}
		recs = append(recs, *rec)
	}
	return recs, nil
}

// nothing says why nothing was tested, and what to give; empty: something was, or failed.
func (d *dry) nothing() string {
	main := d.report.Threads[0]
	if len(d.report.Threads) > 1 || main.Status == string(machine.Failed) {
		return ""
	}
	var empty []string
	for _, s := range main.Steps {
		switch {
		case s.Kind == lang.StepEach:
			empty = append(empty, s.ID)
		case s.Would != nil:
			return ""
		}
	}
	if len(empty) == 0 {
		return ""
	}
	text := "Nothing was tested: no item came to " + strings.Join(empty, ", ") + "."
	if t := d.prog.Flow().Trigger; t.Change != nil {
		text += fmt.Sprintf(" The stream %s has no record that the trigger would take.", t.Change.Entity)
	}
	return text + " Give an `input`, or `items` of the step."
}

// sample gives the items that were given for an each, else the first of its list.
func (d *dry) sample(th *machine.Thread, s *lang.Step) (items []found, read bool, err error) {
	if given, ok := d.test.Items[s.ID]; ok {
		for n, text := range given {
			items = append(items, found{key: fmt.Sprintf("#%d", n), input: text})
		}
		return items, true, nil
	}
	if len(d.test.Records) > 0 && s.Each.In != "" {
		items, err := d.named(s.Each, d.prog.Flow().Step(s.Each.In).List, d.prog.Env(d.frame, th))
		return items, true, err
	}
	most := d.most()
	r := reading{Step: s.ID}
	d.main = &thread{frame: d.frame, state: state{Thread: *th}}
	for !read && len(items) < most {
		var more []found
		if r.Cursor, read, more, err = d.items(&r, s.Each); err != nil {
			return nil, false, err
		}
		items = append(items, more...)
	}
	return items[:min(most, len(items))], read && len(items) <= most, nil
}

// named gives those of the records that are asked for which a list has.
func (d *dry) named(e *lang.Each, l *lang.List, env lang.Env) (items []found, err error) {
	recs, err := d.namedRecords(d.conns[l.Connection], l.Entity)
	if err != nil {
		return nil, err
	}
	for _, rec := range recs {
		it, wanted, err := d.record(e, l, maps.Clone(env), rec.JSON)
		if err != nil {
			return nil, err
		}
		if wanted && (!rec.Deleted || l.Deleted) {
			d.given[idOf(json.RawMessage(rec.JSON))] = true
			items = append(items, it)
		}
	}
	return items, nil
}
