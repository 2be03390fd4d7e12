package erp

import (
	"encoding/json"
	"net/http"
)

// work is one or several writes under way that take effect together: what they have done to the tables so far, and how to take it back. s.mu is held.
type work struct {
	*Server
	at      int64 // updatedAt of what is written now, µs
	entries []entry
	before  []*row // by entry: the row that it replaced; nil: there was none
}

func (s *Server) begin() *work { return &work{Server: s} }

func (w *work) now() string { return iso(w.at) }

// do does one write. A refusal leaves what the work has done so far, and perhaps part of this write: the work must be undone then.
func (w *work) do(t *table, a asked) reply {
	t.load()
	w.at = w.tick()
	if a.op == "create" {
		return w.create(t, a)
	}
	old := t.byID[a.id]
	if old == nil {
		return refused(missing(t, a.id))
	}
	if a.match != "" && !matches(a.match, etag(w.show(t.json(old)))) {
		return refused(refusal{http.StatusPreconditionFailed, "version_conflict", "The record is not that version any more; read it again."})
	}
	if a.op == "delete" {
		if err := t.write.remove(w, a.id, t.json(old)); err != nil {
			return refused(err)
		}
		return w.put(http.StatusNoContent, t, entry{ID: a.id}, nil)
	}
	record, err := t.write.update(w, t.json(old), a.data)
	if err != nil {
		return refused(err)
	}
	return w.put(http.StatusOK, t, entry{ID: a.id}, record)
}

func (w *work) create(t *table, a asked) reply {
	e := entry{}
	if t.keyed && a.key != "" {
		e.Key, e.Sent = t.name+" "+a.key, digest(a.data)
		if again := w.repeated(e); again != nil {
			return *again
		}
	}
	e.ID = t.nextID()
	record, err := t.write.create(w, e.ID, a.data)
	if err != nil {
		return refused(err)
	}
	return w.put(http.StatusCreated, t, e, record)
}

// put lays a record into its table, where the rules of what follows see it; nil deletes it.
func (w *work) put(status int, t *table, e entry, record any) reply {
	e.Resource, e.At, e.Date = t.name, w.at, dateOf(record)
	var shown []byte
	if record != nil {
		body, err := json.Marshal(record)
		if err != nil {
			return refused(err)
		}
		e.Record, shown = body, w.show(body)
	}
	w.before, w.entries = append(w.before, t.byID[e.ID]), append(w.entries, e)
	w.apply(e)
	return reply{status: status, record: shown}
}

// end makes the work last: it is journalled as one line, or taken back.
func (w *work) end(good bool) error {
	if !good || len(w.entries) == 0 {
		w.undo()
		return nil
	}
	if err := w.journal.Append(w.entries); err != nil {
		w.undo()
		return err
	}
	for i, e := range w.entries {
		w.remember(change{entry: e, visible: e.At}, w.before[i], e.At)
		w.account(e, w.before[i])
	}
	return nil
}

func (w *work) undo() {
	for i := len(w.entries) - 1; i >= 0; i-- {
		e := w.entries[i]
		t := w.byName[e.Resource]
		t.remove(e.ID)
		if old := w.before[i]; old != nil {
			t.insert(old)
		}
	}
	w.entries, w.before = nil, nil
}
