package erp

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// jobs are writes that came with Prefer: respond-async. SimERP takes them at once and does them later; it knows them until it ends.
type jobs struct {
	mu   sync.Mutex
	took time.Duration // how long a job takes; 0: it is over before its write is answered
	all  map[string]*job
}

// job is one write that was taken.
type job struct {
	ID       string          `json:"id"`
	State    string          `json:"state"` // QUEUED, DONE, FAILED
	Resource string          `json:"resource"`
	Record   json.RawMessage `json:"record"`  // of one that is done: as lists show it; null: deleted
	Failure  *jobFailure     `json:"failure"` // of one that failed
}

type jobFailure struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// SetJobs says how long jobs take that are taken from now on, by the simulator's clock.
func (s *Server) SetJobs(take time.Duration) {
	s.jobs.mu.Lock()
	defer s.jobs.mu.Unlock()
	s.jobs.took = take
}

// wantsJob tells whether the caller asks not to wait (RFC 7240).
func wantsJob(r *http.Request) bool {
	return strings.EqualFold(strings.TrimSpace(r.Header.Get("Prefer")), "respond-async")
}

// take answers a write with the job that does it.
func (s *Server) take(w http.ResponseWriter, t *table, a asked) {
	id, takes := s.jobs.add(t.name)
	do := func() { s.jobs.settle(id, s.carryOut(t, a)) }
	if takes > 0 {
		s.late.Hold(s.opts.Now().Add(takes), do)
	} else {
		do()
	}
	body, _ := json.Marshal(map[string]string{"jobId": id, "resource": t.name, "href": "/api/v1/jobs/" + id})
	w.Header().Set("Location", "/api/v1/jobs/"+id)
	send(w, http.StatusAccepted, body)
}

func (j *jobs) add(resource string) (id string, takes time.Duration) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.all == nil {
		j.all = map[string]*job{}
	}
	id = fmt.Sprintf("J-%06d", len(j.all)+1)
	j.all[id] = &job{ID: id, State: "QUEUED", Resource: resource}
	return id, j.took
}

func (j *jobs) settle(id string, r reply) {
	j.mu.Lock()
	defer j.mu.Unlock()
	done := j.all[id]
	if done.State, done.Record = "DONE", r.record; r.no != nil {
		done.State, done.Failure = "FAILED", &jobFailure{r.no.code, r.no.message}
	}
}

// job answers how far a job is.
func (s *Server) job(w http.ResponseWriter, r *http.Request) {
	s.ledger.add("read jobs")
	s.jobs.mu.Lock()
	var body []byte
	if j := s.jobs.all[r.PathValue("id")]; j != nil {
		body, _ = json.Marshal(j)
	}
	s.jobs.mu.Unlock()
	if body == nil {
		refuse(w, refusal{http.StatusNotFound, "not_found", "There is no such job."})
		return
	}
	send(w, http.StatusOK, body)
}
