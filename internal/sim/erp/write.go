package erp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// writer holds the rules for writing one resource. Methods answer a refusal as error; s.mu is held.
type writer interface {
	// create makes a record of that key from what a person sent.
	create(s *Server, id string, sent []byte, now string) (any, error)
	// update changes a record.
	update(s *Server, old, sent []byte, now string) (any, error)
	// remove says why a record may not be deleted.
	remove(s *Server, id string, old []byte) error
}

const maxBody = 1 << 20

// begin begins a write: it finds the table and reads the body.
func (s *Server) begin(w http.ResponseWriter, r *http.Request, kind string) (*table, []byte) {
	t := s.find(w, r, kind)
	if t == nil {
		return nil, nil
	}
	if t.write == nil {
		refuse(w, refusal{http.StatusMethodNotAllowed, "read_only", t.name + " can only be read."})
		return nil, nil
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		refuse(w, refusal{http.StatusRequestEntityTooLarge, "too_large", "A record may have 1 MiB."})
		return nil, nil
	}
	return t, body
}

func (s *Server) create(w http.ResponseWriter, r *http.Request) {
	t, sent := s.begin(w, r, "create")
	if t == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t.load()
	at := s.tick()
	id := t.nextID()
	record, err := t.write.create(s, id, sent, iso(at))
	s.finish(w, http.StatusCreated, entry{Resource: t.name, ID: id, At: at, Date: dateOf(record)}, record, err)
}

func (s *Server) update(w http.ResponseWriter, r *http.Request) {
	t, sent := s.begin(w, r, "update")
	if t == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t.load()
	old := t.byID[r.PathValue("id")]
	if old == nil {
		refuse(w, missing(t, r.PathValue("id")))
		return
	}
	at := s.tick()
	record, err := t.write.update(s, t.json(old), sent, iso(at))
	s.finish(w, http.StatusOK, entry{Resource: t.name, ID: old.id, At: at, Date: dateOf(record)}, record, err)
}

func (s *Server) remove(w http.ResponseWriter, r *http.Request) {
	t, _ := s.begin(w, r, "delete")
	if t == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t.load()
	old := t.byID[r.PathValue("id")]
	if old == nil {
		refuse(w, missing(t, r.PathValue("id")))
		return
	}
	err := t.write.remove(s, old.id, t.json(old))
	s.finish(w, http.StatusNoContent, entry{Resource: t.name, ID: old.id, At: s.tick()}, nil, err)
}

// finish journals a change, makes it visible and answers; or answers the refusal.
func (s *Server) finish(w http.ResponseWriter, status int, e entry, record any, err error) {
	if err == nil && record != nil {
		e.Record, err = json.Marshal(record)
	}
	if err == nil {
		err = s.journal.append(e)
	}
	var no refusal
	switch {
	case errors.As(err, &no):
		refuse(w, no)
	case err != nil:
		refuse(w, refusal{http.StatusInternalServerError, "internal", err.Error()})
	default:
		s.remember(change{e, e.At, e.At}, e.At)
		s.apply(e)
		answer(w, status, e.Record)
	}
}

func answer(w http.ResponseWriter, status int, body []byte) {
	if body == nil {
		w.WriteHeader(status)
		return
	}
	send(w, status, body)
}

// tick gives the next updatedAt: the clock's, but always later than the last.
func (s *Server) tick() int64 {
	s.last = max(s.last+1, s.opts.Now().UnixMicro())
	return s.last
}

// nextID is one more than the highest key there ever was, with its leading zeros.
func (t *table) nextID() string {
	return fmt.Sprintf("%0*d", t.width, t.highest+1)
}

// note remembers the highest key, so that none is given out twice.
func (t *table) note(id string) {
	if n, err := strconv.Atoi(id); err == nil {
		t.highest, t.width = max(t.highest, n), max(t.width, len(id))
	}
}

// decode merges what a person sent into a record; members that it does not have are refused.
func decode(sent []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(sent))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return refusal{http.StatusBadRequest, "invalid_body", "The body is not a JSON object of this resource: " + err.Error() + "."}
	}
	return nil
}

// unprocessable is a broken business rule.
func unprocessable(code, message string) error {
	return refusal{http.StatusUnprocessableEntity, code, message}
}

// dateOf is the day that a list of documents filters by, 0 for other records.
func dateOf(record any) int64 {
	switch o := record.(type) {
	case order:
		return startOf(o.OrderDate)
	case leanOrder:
		return startOf(o.OrderDate)
	}
	return 0
}

func startOf(day string) int64 {
	t, _ := time.Parse(time.DateOnly, day)
	return t.UnixMicro()
}

// has tells whether a resource holds that key.
func (s *Server) has(resource, id string) bool {
	t := s.byName[resource]
	t.load()
	return t.byID[id] != nil
}
