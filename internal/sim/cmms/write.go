package cmms

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/busbar-dev/busbar/internal/sim/records"
)

const maxBody = 1 << 20

// body reads what was sent, as an object, and takes its version out: "" where it names none.
func body(w http.ResponseWriter, r *http.Request) (sent records.Record, digest, version string, err error) {
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var long *http.MaxBytesError
	if errors.As(err, &long) {
		return nil, "", "", &records.Flaw{Code: records.BadBody, Detail: "A body may have 1 MiB."}
	}
	if err != nil {
		return nil, "", "", &records.Flaw{Code: records.BadBody, Detail: "The body did not arrive whole."}
	}
	if sent, err = records.Parse(text); err != nil {
		return nil, "", "", err
	}
	if v, ok := sent["version"].(json.Number); ok && r.Method != http.MethodPost || ok && strings.HasSuffix(r.URL.Path, "/transitions") {
		version = v.String()
		delete(sent, "version")
	}
	sum := sha256.Sum256(text)
	return sent, hex.EncodeToString(sum[:8]), version, nil
}

// create makes a record. An Idempotency-Key is good for one record: the same again gives it once more.
func (s *Server) create(w http.ResponseWriter, r *http.Request, table string) {
	sent, digest, _, err := body(w, r)
	if err != nil {
		fail(w, err)
		return
	}
	key, id := r.Header.Get("Idempotency-Key"), ""
	err = s.store.Do(func(x *records.Tx) (err error) {
		if known, ok := x.Claimed(table, key); ok && key != "" {
			if id = known.ID; known.Sent != digest {
				return flaw("KEY_REUSED", "", "That Idempotency-Key was sent with another body.")
			}
			return nil
		}
		if id, err = s.made(x, table, sent); err == nil && key != "" {
			x.Claim(table, key, digest)
		}
		return err
	})
	s.answer(w, http.StatusCreated, table, id, err)
}

func (s *Server) made(x *records.Tx, table string, sent records.Record) (id string, err error) {
	r, err := x.Merge(table, nil, sent)
	if err != nil {
		return "", err
	}
	if settle := s.rules[table].settle; settle != nil {
		if err := settle(x, nil, r); err != nil {
			return "", err
		}
	}
	return x.Put(table, r), nil
}

// answer shows the record that was written, or why it was not.
func (s *Server) answer(w http.ResponseWriter, status int, table, id string, err error) {
	if err != nil {
		fail(w, err)
		return
	}
	row := s.store.Read(table, id)
	if row == nil {
		fail(w, missing(table, id))
		return
	}
	if status == http.StatusCreated {
		w.Header().Set("Location", root+table+"/"+id)
	}
	item(w, status, row)
}

func (s *Server) update(w http.ResponseWriter, r *http.Request, table string) {
	sent, _, version, err := body(w, r)
	id := r.PathValue("id")
	if err == nil {
		err = s.store.Do(func(x *records.Tx) error { return s.changed(x, table, id, version, sent) })
	}
	s.answer(w, http.StatusOK, table, id, err)
}

func (s *Server) changed(x *records.Tx, table, id, version string, sent records.Record) error {
	old, err := current(x, table, id, version)
	if err != nil {
		return err
	}
	if state, _ := old["state"].(string); slices.Contains(s.rules[table].settled, state) {
		return flaw("SETTLED", "state", "A record that is %s does not change any more.", state)
	}
	r, err := x.Merge(table, old, sent)
	if err != nil {
		return err
	}
	if settle := s.rules[table].settle; settle != nil {
		if err := settle(x, old, r); err != nil {
			return err
		}
	}
	x.Put(table, r)
	return nil
}

// current gives the record that a write is about; it must be the version that the sender knows, where one is named.
func current(x *records.Tx, table, id, version string) (records.Record, error) {
	old := x.Get(table, id)
	if old == nil {
		return nil, missing(table, id)
	}
	if now, _ := old["version"].(json.Number); version != "" && version != now.String() {
		return nil, flaw("STALE_VERSION", "version", "The record has version %s by now; read it again.", now)
	}
	return old, nil
}

// remove deletes a record to which nothing refers.
func (s *Server) remove(w http.ResponseWriter, r *http.Request, table string) {
	id := r.PathValue("id")
	version := strings.Trim(r.Header.Get("If-Match"), `"`)
	err := s.store.Do(func(x *records.Tx) error {
		old, err := current(x, table, id, version)
		if err != nil {
			return err
		}
		rule := s.rules[table]
		state, _ := old["state"].(string)
		switch by := x.Used(table, id); {
		case rule.kept:
			return flaw("NOT_ALLOWED", "", "Records in %s are not deleted.", table)
		case rule.removed != nil && !slices.Contains(rule.removed, state):
			return flaw("SETTLED", "state", "A record that is %s cannot be deleted.", state)
		case by != "":
			return flaw("IN_USE", "", "Records in %s refer to it.", by)
		case table == "work-orders" && slices.ContainsFunc(rows(old, "parts"), func(p records.Record) bool { return exactly(p["used"]).Sign() > 0 }):
			return flaw("PARTS_USED", "parts", "The order has used parts.")
		}
		x.Remove(table, id)
		return nil
	})
	if err != nil {
		fail(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// move changes a record's state: {"to": "DONE", "version": 3}.
func (s *Server) move(w http.ResponseWriter, r *http.Request, table string) {
	sent, _, version, err := body(w, r)
	id := r.PathValue("id")
	to, _ := sent["to"].(string)
	switch {
	case err != nil:
	case s.rules[table].moves == nil:
		err = flaw("NOT_ALLOWED", "", "Records in %s have no transitions.", table)
	case len(sent) != 1 || to == "":
		err = flaw(records.BadBody, "to", "A transition is {\"to\": state}, and the version if you like.")
	default:
		err = s.store.Do(func(x *records.Tx) error { return s.moved(x, table, id, version, to) })
	}
	s.answer(w, http.StatusOK, table, id, err)
}

func (s *Server) moved(x *records.Tx, table, id, version, to string) error {
	old, err := current(x, table, id, version)
	if err != nil {
		return err
	}
	rule := s.rules[table]
	from, _ := old["state"].(string)
	switch {
	case from == to && to == "CONVERTED":
		return flaw("ALREADY_CONVERTED", "to", "The request became a work order already.")
	case !slices.Contains(rule.moves[from], to):
		return flaw("BAD_TRANSITION", "to", "From %s a record goes to %s, not to %s.", from, orNowhere(rule.moves[from]), strconv.Quote(to))
	}
	r := records.Clone(old)
	r["state"] = to
	if rule.moved != nil {
		if err := rule.moved(x, r, from); err != nil {
			return err
		}
	}
	x.Put(table, r)
	return nil
}

func orNowhere(states []string) string {
	if len(states) == 0 {
		return "nowhere"
	}
	return strings.Join(states, ", ")
}
