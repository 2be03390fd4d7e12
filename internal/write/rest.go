package write

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/busbar-dev/busbar/internal/check"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// What is left of an update that was sent before. One that adds to a list is not the same when it is done again, and a record alone does not tell which of its lines are new:
// so what was asked for is kept with the item from the first byte on, together with the lines that were there before.

// kept gives what is to be kept of what a write asks for.
func (w *work) kept() []byte {
	if w.item.Op != string(manifest.Update) || !asksLists(w.Wanted) {
		return nil
	}
	return w.Wanted
}

// asksLists says that more is asked for than values, so that asking again may have another effect.
func asksLists(wanted []byte) bool { return bytes.IndexByte(wanted, '[') >= 0 }

// untaken says that no call made for the item had an effect.
func (w *work) untaken() bool { return !w.taken && !w.doubted }

// verdict judges an item that is to be sent. Of an update of which a part is done, only the rest is asked for.
func (s *sender) verdict(ctx context.Context, it *store.Item) (judged, error) {
	if len(it.Wanted) > 0 {
		if v, part, err := s.rest(ctx, it); part || err != nil {
			return v, err
		}
	}
	return s.judge(ctx, s.ask(it))
}

// rest judges what is left of an update that was sent before; part is false where the record shows nothing of it.
func (s *sender) rest(ctx context.Context, it *store.Item) (v judged, part bool, err error) {
	now, err := s.stored(ctx, it.Record)
	if err != nil || now == nil {
		return v, false, err
	}
	raw, err := s.readOne(ctx, now.RemoteID)
	if err != nil || raw == nil {
		return v, false, err
	}
	if !s.sameContent(now.Raw, raw) {
		if _, err := s.keep(ctx, now.RemoteID, raw); err != nil {
			return v, false, err
		}
	}
	m, err := s.mapper.Map(raw, s.env)
	if err != nil {
		return v, false, &driver.Error{Kind: driver.Torn, Detail: "The record cannot be read as the system shows it now: " + err.Error(), Err: err}
	}
	if !s.shows(it, m.Fields) {
		return v, false, nil
	}
	a := s.ask(it)
	a.data, a.ifMatch, a.renewed = s.statusAsked(it), "", true
	v, err = s.judge(ctx, a)
	if v.Problem != nil { // what is done stays done
		v.Warnings = append(v.Warnings, problem.Item{Pointer: "/" + s.entity.Moves.Field, Code: problem.NotTaken, Detail: v.Problem.Detail})
		v.Problem, v.Nothing = nil, true
	}
	v.Wanted = it.Wanted
	return v, true, err
}

// shows says that a record shows all that a kept item asks for, but perhaps its status.
func (s *sender) shows(it *store.Item, fields []byte) bool {
	if len(it.Wanted) == 0 {
		return false
	}
	for _, m := range check.Missed(s.entity, it.Wanted, fields) {
		if s.entity.Moves == nil || m.Pointer != "/"+s.entity.Moves.Field {
			return false
		}
	}
	return true
}

// statusAsked is what an item asks for of the record's status alone.
func (s *sender) statusAsked(it *store.Item) []byte {
	var all, left map[string]json.RawMessage
	if json.Unmarshal(it.Data, &all) != nil || s.entity.Moves == nil {
		return []byte("{}")
	}
	left = map[string]json.RawMessage{}
	for _, name := range []string{s.entity.Moves.Field, s.entity.Moves.Field + "_source"} {
		if v, ok := all[name]; ok {
			left[name] = v
		}
	}
	return members(left)
}

func firstGiven(a, b []byte) []byte {
	if len(a) > 0 {
		return a
	}
	return b
}
