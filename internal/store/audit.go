package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/busbar-dev/busbar/internal/audit/chain"
	"github.com/busbar-dev/busbar/internal/store/queries"
)

// auditNumbers is the counter of the audit log, whose lock is the last that a transaction takes.
const auditNumbers = "audit"

// Audited is an entry of the audit log as it is stored, with the hash that binds it to the one before.
type Audited struct {
	chain.Entry
	Previous, Hash []byte
}

// AuditFilter asks for a project's entries, newest first.
type AuditFilter struct {
	Before int64  // 0: from the newest
	Actor  string // id or name
	Action string
	Target string // id of what was acted on, or of its connection
	Since  time.Time
	Limit  int
}

// AppendAudit stores an entry at the end of the log; its N is given here. It is the last thing that a transaction does.
func (t *Tx) AppendAudit(ctx context.Context, e chain.Entry) (err error) {
	t.changedIn(ThingAudit, e.ProjectID)
	if e.Target == "member" || e.Target == "session" { // the list of members shows logins too
		t.changedIn(ThingMembers, e.ProjectID)
	}
	if e.N, err = t.q.NextNumber(ctx, auditNumbers); err != nil {
		return fmt.Errorf("number an audit entry: %w", err)
	}
	previous, err := t.q.AuditHash(ctx, e.N-1)
	if err != nil && (e.N > 1 || !errors.Is(err, sql.ErrNoRows)) {
		return fmt.Errorf("read audit entry %d: %w", e.N-1, err)
	}
	e.DoneAt = micros(e.DoneAt)
	hash, err := e.Sum(previous)
	if err != nil {
		return err
	}
	fields, err := marshal(e.Fields, "[]")
	if err != nil {
		return err
	}
	if previous == nil {
		previous = []byte{}
	}
	return t.q.InsertAudit(ctx, queries.InsertAuditParams{
		N: e.N, DoneAt: queries.At(e.DoneAt), ProjectID: e.ProjectID, Actor: e.Actor, ActorID: e.ActorID, ActorName: e.ActorName,
		Action: e.Action, Target: e.Target, TargetID: e.TargetID, ConnectionID: e.ConnectionID, Fields: fields,
		RequestID: e.RequestID, Address: e.Address, Previous: previous, Hash: hash,
	})
}

// AuditLog lists entries of projects, newest first. The empty project's are about the whole Busbar.
func (s *Store) AuditLog(ctx context.Context, projects []string, f AuditFilter) ([]Audited, error) {
	var all []Audited
	for _, id := range projects {
		found, err := s.auditLog(ctx, id, f)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	slices.SortFunc(all, func(a, b Audited) int { return cmp.Compare(b.N, a.N) })
	return all[:min(len(all), f.Limit)], nil
}

func (s *Store) auditLog(ctx context.Context, projectID string, f AuditFilter) ([]Audited, error) {
	before := f.Before
	if before == 0 {
		before = math.MaxInt64
	}
	since := f.Since
	if since.IsZero() {
		since = time.UnixMicro(0)
	}
	rows, err := s.read.AuditLog(ctx, queries.AuditLogParams{
		ProjectID: projectID, Before: before, ActorID: f.Actor, TargetID: f.Target, Action: f.Action, Since: queries.At(since), MaxRows: int32(min(f.Limit, maxPage)),
	})
	if err != nil {
		return nil, fmt.Errorf("read the audit log: %w", err)
	}
	return audited(rows)
}

// AuditChain lists entries of the deployment behind number after, oldest first; last is the number that was given last.
func (s *Store) AuditChain(ctx context.Context, after int64, limit int) (page []Audited, last int64, err error) {
	if last, err = s.read.AuditCount(ctx); err != nil {
		return nil, 0, fmt.Errorf("count the audit log: %w", err)
	}
	rows, err := s.read.AuditChain(ctx, after, int32(min(limit, maxPage)))
	if err != nil {
		return nil, 0, fmt.Errorf("read the audit log: %w", err)
	}
	page, err = audited(rows)
	return page, last, err
}

func audited(rows []queries.AuditLog) ([]Audited, error) {
	out := make([]Audited, len(rows))
	for i, r := range rows {
		out[i] = Audited{Previous: r.Previous, Hash: r.Hash, Entry: chain.Entry{
			N: r.N, DoneAt: r.DoneAt.Time, ProjectID: r.ProjectID, Actor: r.Actor, ActorID: r.ActorID, ActorName: r.ActorName,
			Action: r.Action, Target: r.Target, TargetID: r.TargetID, ConnectionID: r.ConnectionID, RequestID: r.RequestID, Address: r.Address,
		}}
		if err := json.Unmarshal([]byte(r.Fields), &out[i].Fields); err != nil {
			return nil, fmt.Errorf("read the fields of audit entry %d: %w", r.N, err)
		}
	}
	return out, nil
}
