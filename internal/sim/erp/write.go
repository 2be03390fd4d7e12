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

	"github.com/busbar-dev/busbar/internal/sim/fault"
)

// writer holds the rules for writing one resource. Methods answer a refusal as error.
type writer interface {
	// create makes a record of that key from what a person sent.
	create(w *work, id string, sent []byte) (any, error)
	// update changes a record.
	update(w *work, old, sent []byte) (any, error)
	// remove says why a record may not be deleted.
	remove(w *work, id string, old []byte) error
}

const maxBody = 1 << 20

// asked is one write as somebody asks for it.
type asked struct {
	op    string // create, update, delete
	id    string // update, delete
	data  []byte // create, update
	match string // If-Match: the record must be this version; "": any
	key   string // Idempotency-Key of a create; "": none
}

// reply is what came of one write.
type reply struct {
	status int
	record []byte   // as lists show it; nil: deleted, or refused
	no     *refusal // nil: done
}

func (a reply) send(w http.ResponseWriter) {
	switch {
	case a.no != nil:
		refuse(w, *a.no)
	case a.record == nil:
		w.WriteHeader(a.status)
	default:
		w.Header().Set("ETag", etag(a.record))
		send(w, a.status, a.record)
	}
}

func refused(err error) reply {
	var no refusal
	if !errors.As(err, &no) {
		no = refusal{http.StatusInternalServerError, "internal", err.Error()}
	}
	return reply{status: no.status, no: &no}
}

func (s *Server) create(w http.ResponseWriter, r *http.Request) { s.write(w, r, "create") }
func (s *Server) update(w http.ResponseWriter, r *http.Request) { s.write(w, r, "update") }
func (s *Server) remove(w http.ResponseWriter, r *http.Request) { s.write(w, r, "delete") }

// write answers one write. Nothing is locked while the answer goes out.
func (s *Server) write(w http.ResponseWriter, r *http.Request, op string) {
	t, body := s.receive(w, r, op)
	if t == nil {
		return
	}
	a := asked{op, r.PathValue("id"), body, r.Header.Get("If-Match"), r.Header.Get("Idempotency-Key")}
	if wantsJob(r) {
		s.take(w, t, a)
		return
	}
	s.carryOut(t, a).send(w)
}

// receive finds the table and reads the body of a write.
func (s *Server) receive(w http.ResponseWriter, r *http.Request, kind string) (*table, []byte) {
	t := s.find(w, r, kind)
	if t == nil {
		return nil, nil
	}
	if t.write == nil {
		refuse(w, refusal{http.StatusMethodNotAllowed, "read_only", t.name + " can only be read."})
		return nil, nil
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var long *http.MaxBytesError
	switch {
	case errors.As(err, &long):
		refuse(w, refusal{http.StatusRequestEntityTooLarge, "too_large", "A body may have 1 MiB."})
		return nil, nil
	case err != nil:
		refuse(w, refusal{http.StatusBadRequest, "invalid_body", "The body did not arrive whole."})
		return nil, nil
	}
	fault.Wait(r, s.opts.Working)
	return t, body
}

// carryOut does one write, whole or not at all, and gives what came of it once that is on the disk.
func (s *Server) carryOut(t *table, a asked) reply {
	s.mu.Lock()
	w := s.begin()
	out := w.do(t, a)
	if err := w.end(out.no == nil); err != nil {
		out = refused(err)
	}
	s.mu.Unlock()
	if err := s.journal.Sync(); err != nil {
		return refused(err)
	}
	return out
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

// dateOf is the day that a list of documents filters by, 0 for other records.
func dateOf(record any) int64 {
	switch o := record.(type) {
	case order:
		return startOf(o.OrderDate)
	case leanOrder:
		return startOf(o.OrderDate)
	case requisition:
		return startOf(o.RequestDate)
	case receipt:
		return midnight(instant(o.ReceivedAt))
	case posting:
		return midnight(instant(o.PostedAt))
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
