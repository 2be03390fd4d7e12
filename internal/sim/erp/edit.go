package erp

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Edit is one change made behind the API, as batch programs, imports and other users make them: no rule is asked.
type Edit struct {
	Resource, ID string
	Set          map[string]any // members that change; a record that is not there is made of them
	Drop         []string       // members that go
	Raw          string         // the whole record as text, valid or not; instead of Set and Drop
	Delete       bool

	Stamp   time.Time // updatedAt; zero: the clock's
	Silent  bool      // updatedAt stays as it was
	Visible time.Time // when lists begin to show it, by the clock: a transaction that commits late; zero: at once
}

// Revision is one state of one record, as the ledger of the truth keeps it.
type Revision struct {
	Record                 json.RawMessage // as lists show it; nil: deleted
	Stamp, Commit, Visible time.Time
}

// change is an edit on its way to the lists.
type change struct {
	entry
	key     int64 // what lists sort and filter by
	visible int64
}

// Edit makes changes, all at one instant of the clock.
func (s *Server) Edit(edits ...Edit) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.opts.Now().UnixMicro()
	for _, e := range edits {
		t := s.byName[e.Resource]
		if t == nil {
			return fmt.Errorf("SimERP has no resource %q", e.Resource)
		}
		t.load()
		c, err := s.changeOf(t, e, now)
		if err != nil {
			return fmt.Errorf("edit %s %s: %w", e.Resource, e.ID, err)
		}
		s.remember(c, t.byID[c.ID], now)
		s.pending = append(s.pending, c)
	}
	slices.SortStableFunc(s.pending, func(a, b change) int { return cmp.Compare(a.visible, b.visible) })
	s.waiting.Store(true)
	return nil
}

func (s *Server) changeOf(t *table, e Edit, now int64) (change, error) {
	c := change{entry: entry{Resource: e.Resource, ID: e.ID, At: now}, visible: now}
	if !e.Stamp.IsZero() {
		c.At = e.Stamp.UnixMicro()
	}
	if !e.Visible.IsZero() {
		c.visible = e.Visible.UnixMicro()
	}
	if e.Delete {
		return c, nil
	}
	old, key, date := s.newest(t, e.ID)
	if c.key = s.opts.Stamps.key(c.At); e.Silent {
		c.key = key
	}
	c.Date = date
	var err error
	if c.Record = json.RawMessage(e.Raw); e.Raw == "" {
		c.Record, err = e.merge(old, c.At)
	}
	return c, err
}

// merge lays the edit over the old record.
func (e Edit) merge(old []byte, at int64) ([]byte, error) {
	record := map[string]any{"id": e.ID, "createdAt": iso(at)}
	if old != nil {
		record = map[string]any{}
		if err := json.Unmarshal(old, &record); err != nil {
			return nil, err
		}
	}
	maps.Copy(record, e.Set)
	for _, name := range e.Drop {
		delete(record, name)
	}
	if !e.Silent {
		record["updatedAt"] = iso(at)
	}
	return json.Marshal(record)
}

// newest is a record's latest state, committed but perhaps not visible.
func (s *Server) newest(t *table, id string) (record []byte, key, date int64) {
	for _, c := range slices.Backward(s.pending) {
		if c.Resource == t.name && c.ID == id {
			return c.Record, c.key, c.Date
		}
	}
	if r := t.byID[id]; r != nil {
		return t.json(r), r.updated, r.date
	}
	return nil, 0, 0
}

// reveal shows what has become visible, and does what was held until now.
func (s *Server) reveal() {
	s.late.Due(s.opts.Now())
	if !s.waiting.Load() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.opts.Now().UnixMicro()
	for len(s.pending) > 0 && s.pending[0].visible <= now {
		c := s.pending[0]
		s.pending = s.pending[1:]
		if t := s.byName[c.Resource]; c.Record == nil {
			t.remove(c.ID)
		} else {
			t.put(c.ID, c.key, c.Date, c.Record)
		}
	}
	s.waiting.Store(len(s.pending) > 0)
}

// remember writes a revision into the ledger of the truth, after the one that was generated; before is the row as it was.
func (s *Server) remember(c change, before *row, now int64) {
	key := [2]string{c.Resource, c.ID}
	if len(s.truth[key]) == 0 && before != nil {
		at := time.UnixMicro(before.updated).UTC()
		s.truth[key] = []Revision{{s.show(s.byName[c.Resource].json(before)), at, at, at}}
	}
	v := Revision{Stamp: time.UnixMicro(c.At).UTC(), Commit: time.UnixMicro(now).UTC(), Visible: time.UnixMicro(c.visible).UTC()}
	if c.Record != nil {
		v.Record = s.show(c.Record)
	}
	s.truth[key] = append(s.truth[key], v)
}

// Revisions gives every state that a record ever had; one that nobody edited has the one that was generated.
func (s *Server) Revisions(resource, id string) []Revision {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v := s.truth[[2]string{resource, id}]; len(v) > 0 {
		return slices.Clone(v)
	}
	t := s.byName[resource]
	t.load()
	r := t.byID[id]
	if r == nil {
		return nil
	}
	at := time.UnixMicro(r.updated).UTC()
	return []Revision{{s.show(t.json(r)), at, at, at}}
}

// Truth gives every record that lists show now, by id, byte for byte.
func (s *Server) Truth(resource string) map[string]string {
	s.reveal()
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.byName[resource]
	t.load()
	all := make(map[string]string, len(t.rows))
	for _, r := range t.rows {
		all[r.id] = string(s.show(t.json(r)))
	}
	return all
}

// Order gives the ids of what lists show now, in the order of modification.
func (s *Server) Order(resource string) []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	t := s.byName[resource]
	t.load()
	ids := make([]string, len(t.rows))
	for i, r := range t.rows {
		ids[i] = r.id
	}
	return ids
}
