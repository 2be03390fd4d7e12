package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/audit/chain"
	"github.com/busbar-dev/busbar/internal/store"
)

var auditTests = []test{
	{"entries of the audit log are numbered without gaps, each bound to the one before", func(t *testing.T, w *world) {
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				w.ok(w.Write(t.Context(), func(tx *store.Tx) error { return tx.AppendAudit(t.Context(), w.entry(fmt.Sprint(i))) }))
			})
		}
		all.Wait()
		failed := errors.New("no")
		w.is(w.Write(t.Context(), func(tx *store.Tx) error {
			return errors.Join(tx.AppendAudit(t.Context(), w.entry("lost")), failed)
		}), failed)
		w.write(func(tx *store.Tx) error {
			return errors.Join(tx.AppendAudit(t.Context(), w.entry("a")), tx.AppendAudit(t.Context(), w.entry("b")))
		})
		page := w.chain(10)
		w.equal("rolled back", page[8].TargetID, "a")
		rest, _, err := w.AuditChain(t.Context(), 9, 100)
		w.ok(err)
		w.equal("the rest", rest, page[9:])
	}},
	{"the audit log of a project is listed newest first, and filtered", func(t *testing.T, w *world) {
		for i, change := range []func(*chain.Entry){
			func(*chain.Entry) {},
			func(e *chain.Entry) { e.ProjectID = "p2" },
			func(e *chain.Entry) { e.ActorID = "somebody" },
			func(e *chain.Entry) { e.ConnectionID = "c" },
			func(e *chain.Entry) { e.Action = "key.revoked" },
			func(e *chain.Entry) { e.DoneAt = w.now.Add(time.Hour) },
		} {
			e := w.entry(fmt.Sprint(i))
			change(&e)
			w.write(func(tx *store.Tx) error { return tx.AppendAudit(t.Context(), e) })
		}
		for _, tt := range []struct {
			filter store.AuditFilter
			want   string
		}{
			{store.AuditFilter{}, "65431"},
			{store.AuditFilter{Before: 4}, "31"},
			{store.AuditFilter{Actor: "somebody"}, "3"},
			{store.AuditFilter{Actor: "Ada"}, "65431"},
			{store.AuditFilter{Target: "c"}, "4"},
			{store.AuditFilter{Target: "2"}, "3"},
			{store.AuditFilter{Action: "key.revoked"}, "5"},
			{store.AuditFilter{Since: w.now.Add(time.Minute)}, "6"},
			{store.AuditFilter{Limit: 2}, "65"},
		} {
			if tt.filter.Limit == 0 {
				tt.filter.Limit = 100
			}
			var got string
			for _, e := range must[[]store.Audited](w)(w.AuditLog(t.Context(), []string{project}, tt.filter)) {
				got += fmt.Sprint(e.N)
			}
			w.equal(fmt.Sprintf("%+v", tt.filter), got, tt.want)
		}
		var both string
		for _, e := range must[[]store.Audited](w)(w.AuditLog(t.Context(), []string{"p2", project}, store.AuditFilter{Limit: 5})) {
			both += fmt.Sprint(e.N)
		}
		w.equal("two projects", both, "65432")
	}},
}

// chain gives the audit log, which must be one chain of n entries.
func (w *world) chain(n int) []store.Audited {
	w.t.Helper()
	page, last, err := w.AuditChain(w.t.Context(), 0, 1000)
	w.ok(err)
	w.equal("last", last, int64(n))
	w.equal("entries", len(page), n)
	var before []byte
	for i, e := range page {
		w.equal("number", e.N, int64(i+1))
		w.equal("previous", string(e.Previous), string(before))
		w.equal("hash", string(must[[]byte](w)(e.Sum(before))), string(e.Hash))
		before = e.Hash
	}
	return page
}

// oneChain lets two processes note acts, some of which fail.
func oneChain(t *testing.T, p *pair) {
	const each = 20
	failed := errors.New("no")
	for _, err := range p.both(func(s *store.Store, i int) error {
		for n := range 2 * each {
			err := s.Write(t.Context(), func(tx *store.Tx) error {
				err := tx.AppendAudit(t.Context(), p.entry(fmt.Sprint(i, n)))
				if n%2 == 1 {
					return errors.Join(err, failed)
				}
				return err
			})
			if err != nil && !errors.Is(err, failed) {
				return err
			}
		}
		return nil
	}) {
		p.ok(err)
	}
	p.chain(2 * each)
}

func (w *world) entry(target string) chain.Entry {
	return chain.Entry{
		DoneAt: w.now, ProjectID: project, Actor: "member", ActorID: "m", ActorName: "Ada", Action: "connection.paused",
		Target: "connection", TargetID: target, Fields: []string{"name"}, RequestID: "r", Address: "192.0.2.1",
	}
}
