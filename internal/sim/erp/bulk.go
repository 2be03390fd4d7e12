package erp

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

// maxBulk is how many writes one bulk call takes.
const maxBulk = 100

// bulkCall is many writes of one kind.
type bulkCall struct {
	Op     string     `json:"op"`
	Atomic bool       `json:"atomic"`
	Items  []bulkItem `json:"items"`
}

type bulkItem struct {
	Key     string          `json:"key"` // the caller's; a create of a resource that takes an Idempotency-Key is known by it
	ID      string          `json:"id"`
	Version string          `json:"version"` // updatedAt of the record that is meant; "": any
	Data    json.RawMessage `json:"data"`
}

// BulkResult is what came of one write of a bulk call, as the answer shows it.
type BulkResult struct {
	Key    string          `json:"key"`
	Status int             `json:"status"`
	Record json.RawMessage `json:"record,omitempty"`
	Error  *BulkError      `json:"error,omitempty"`
}

// BulkError is why a write was refused.
type BulkError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

type bulkAnswer struct {
	Error   *BulkError   `json:"error,omitempty"`
	Results []BulkResult `json:"results"`
}

// many answers a bulk call.
func (s *Server) many(w http.ResponseWriter, r *http.Request) {
	t, body := s.receive(w, r, "bulk")
	if t == nil {
		return
	}
	var call bulkCall
	err := decode(body, &call)
	if err == nil {
		err = call.check(t)
	}
	if err != nil {
		refused(err).send(w)
		return
	}
	if n, ok := r.Context().Value(partlyKey{}).(int); ok {
		call.Items = call.Items[:min(n, len(call.Items))]
	}
	status, answer := http.StatusOK, bulkAnswer{}
	if call.Atomic {
		status, answer = s.together(t, call)
	} else {
		answer.Results = s.oneByOne(t, call)
	}
	if err := s.journal.Sync(); err != nil {
		refused(err).send(w)
		return
	}
	text, _ := json.Marshal(answer)
	send(w, status, text)
}

func (c bulkCall) check(t *table) error {
	switch {
	case !t.bulk:
		return refusal{http.StatusMethodNotAllowed, "no_bulk", t.name + " are written one by one."}
	case c.Op != "create" && c.Op != "update" && c.Op != "delete":
		return refusal{http.StatusBadRequest, "invalid_body", "op must be create, update or delete."}
	case len(c.Items) == 0 || len(c.Items) > maxBulk:
		return refusal{http.StatusBadRequest, "invalid_body", fmt.Sprintf("A bulk call has 1 to %d items; this one has %d.", maxBulk, len(c.Items))}
	}
	seen := map[string]bool{}
	for _, item := range c.Items {
		if item.Key == "" || seen[item.Key] {
			return refusal{http.StatusBadRequest, "invalid_body", fmt.Sprintf("Each item needs a key of its own; %q is none.", item.Key)}
		}
		seen[item.Key] = true
	}
	return nil
}

func (c bulkCall) asked(i int) asked {
	item := c.Items[i]
	match := ""
	if item.Version != "" {
		match = `"` + item.Version + `"`
	}
	return asked{c.Op, item.ID, item.Data, match, item.Key}
}

// oneByOne does each write for itself: one that is refused keeps no other from its effect.
func (s *Server) oneByOne(t *table, call bulkCall) []BulkResult {
	s.mu.Lock()
	defer s.mu.Unlock()
	results := make([]BulkResult, len(call.Items))
	for i, item := range call.Items {
		w := s.begin()
		out := w.do(t, call.asked(i))
		if err := w.end(out.no == nil); err != nil {
			out = refused(err)
		}
		results[i] = out.result(item.Key)
	}
	return results
}

// together does all writes or none.
func (s *Server) together(t *table, call bulkCall) (int, bulkAnswer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.begin()
	answer := bulkAnswer{Results: make([]BulkResult, len(call.Items))}
	for i, item := range call.Items {
		out := w.do(t, call.asked(i))
		answer.Results[i] = out.result(item.Key)
		if out.no != nil && answer.Error == nil {
			answer.Error = &BulkError{"not_done", fmt.Sprintf("Nothing was done: the item %q was refused.", item.Key)}
		}
	}
	if err := w.end(answer.Error == nil); err != nil {
		answer.Error = &BulkError{"internal", err.Error()}
	}
	if answer.Error == nil {
		return http.StatusOK, answer
	}
	for i, r := range answer.Results {
		if r.Error == nil {
			answer.Results[i] = BulkResult{Key: r.Key, Status: http.StatusFailedDependency, Error: &BulkError{"not_done", "Another item was refused."}}
		}
	}
	return http.StatusUnprocessableEntity, answer
}

func (a reply) result(key string) BulkResult {
	r := BulkResult{Key: key, Status: a.status, Record: a.record}
	if a.no != nil {
		r.Error = &BulkError{a.no.code, a.no.message}
	}
	return r
}

type partlyKey struct{}

// partly makes a bulk call break off after n writes.
func partly(r *http.Request, n int) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), partlyKey{}, n))
}

// results changes the results of a bulk answer, and leaves any other answer as it is.
func results(change func([]BulkResult) []BulkResult) func([]byte) []byte {
	return func(body []byte) []byte {
		var answer bulkAnswer
		if json.Unmarshal(body, &answer) != nil || answer.Results == nil {
			return body
		}
		answer.Results = change(answer.Results)
		text, _ := json.Marshal(answer)
		return text
	}
}
