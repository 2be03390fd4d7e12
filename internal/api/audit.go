package api

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/busbar-dev/busbar/internal/audit/chain"
	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/store"
)

type auditInput struct {
	Actor  string    `query:"actor" doc:"Only what this actor did: its id, or its name as it was then."`
	Action string    `query:"action" doc:"Only this action." example:"connection.paused"`
	Target string    `query:"target" doc:"Only what was done to this: its id, or its connection's."`
	Since  time.Time `query:"since" doc:"Only what was done since then."`
	PageInput
}

type chainInput struct {
	After int64 `query:"after" minimum:"0" doc:"The number of the entry before the first wanted."`
	Limit int   `query:"limit" minimum:"1" maximum:"500" default:"500" doc:"How many at most."`
}

// chainView is a slice of the chain.
type chainView struct {
	Data []chain.AuditLink `json:"data"`
	Last int64             `json:"last" doc:"The number that was given to an entry last: that of the chain's last entry, unless its end was cut off."`
}

func (s *server) registerAudit() {
	register(s, access{controlPlane, connection.ScopeAdmin}, huma.Operation{
		OperationID: "list-audit-log", Method: http.MethodGet, Path: "/v1/audit-log", Tags: []string{tagProject},
		Summary:     "List what was done by whom, newest first",
		Description: "One entry for each privileged act, stored with it. Entries name the fields that changed and never their values. Writes of records are in GET /v1/operations.",
	}, s.listAudit)
	register(s, access{controlPlane, connection.ScopeAdmin}, huma.Operation{
		OperationID: "get-audit-chain", Method: http.MethodGet, Path: "/v1/audit-log/chain", Tags: []string{tagProject},
		Summary: "Read the chain of the audit log, oldest first, to verify it",
		Description: "Each entry's hash is SHA-256 over the hash before it and the entry as JSON in the canonical form of RFC 8785, with done_at in UTC and six digits of a second. " +
			"Of other projects' entries only the hash is shown. busbar audit verify computes all of it anew.",
	}, s.auditChain)
	register(s, access{controlPlane, connection.ScopeAdmin}, huma.Operation{
		OperationID: "get-audit-checkpoint", Method: http.MethodGet, Path: "/v1/audit-log/checkpoint", Tags: []string{tagProject},
		Summary:     "Get a signed statement of how far the audit log is",
		Description: "Keep it elsewhere: what is changed before it, or cut off, is found later by it.",
	}, s.auditCheckpoint)
}

func (s *server) listAudit(ctx context.Context, in *auditInput) (*page[chain.Entry], error) {
	project := callerOf(ctx).projectID()
	at := place{kind: idCursor, owner: project, subject: "audit-log", filters: fmt.Sprintf("%q %q %q %d", in.Actor, in.Action, in.Target, in.Since.UnixMicro())}
	var from position
	if in.Cursor != "" {
		p, err := s.open(at, in.Cursor)
		if err != nil {
			return nil, err
		}
		from = p
	}
	seen, err := s.auditedFor(ctx)
	if err != nil {
		return nil, err
	}
	found, err := s.Store.AuditLog(ctx, seen, store.AuditFilter{
		Before: from.seq, Actor: in.Actor, Action: in.Action, Target: in.Target, Since: in.Since, Limit: in.Limit + 1,
	})
	if err != nil {
		return nil, err
	}
	return pageOf(s, at, in.Limit, found, func(e store.Audited) chain.Entry { return e.Entry },
		func(shown []store.Audited) position { return position{seq: shown[len(shown)-1].N} }), nil
}

// auditedFor lists the projects whose entries a caller sees: their own, and in the first project what was done to the whole Busbar.
func (s *server) auditedFor(ctx context.Context) ([]string, error) {
	own := callerOf(ctx).projectID()
	first, err := s.Store.FirstProject(ctx)
	if err != nil {
		return nil, fmt.Errorf("look the first project up: %w", err)
	}
	if first == own {
		return []string{own, ""}, nil
	}
	return []string{own}, nil
}

func (s *server) auditChain(ctx context.Context, in *chainInput) (*one[chainView], error) {
	seen, err := s.auditedFor(ctx)
	if err != nil {
		return nil, err
	}
	found, last, err := s.Store.AuditChain(ctx, in.After, in.Limit)
	if err != nil {
		return nil, err
	}
	v := chainView{Data: make([]chain.AuditLink, len(found)), Last: last}
	for i, e := range found {
		if v.Data[i], err = linkOf(e, seen); err != nil {
			return nil, err
		}
	}
	return &one[chainView]{v}, nil
}

// linkOf shows an entry's place in the chain, and the entry to its own project.
func linkOf(e store.Audited, seen []string) (chain.AuditLink, error) {
	sum, err := e.Sum(e.Previous)
	if err != nil {
		return chain.AuditLink{}, err
	}
	l := chain.AuditLink{N: e.N, Hash: hex.EncodeToString(e.Hash), Before: hex.EncodeToString(e.Previous), Intact: bytes.Equal(sum, e.Hash)}
	if slices.Contains(seen, e.ProjectID) {
		l.Entry = &e.Entry
	}
	return l, nil
}

func (s *server) auditCheckpoint(ctx context.Context, _ *empty) (*one[chain.Checkpoint], error) {
	_, last, err := s.Store.AuditChain(ctx, 0, 1)
	if err != nil {
		return nil, err
	}
	c := chain.Checkpoint{At: s.Now().UTC().Truncate(time.Second)}
	found, _, err := s.Store.AuditChain(ctx, max(last-1, 0), 1)
	if err != nil {
		return nil, err
	}
	if len(found) == 1 {
		c.N, c.Hash = found[0].N, hex.EncodeToString(found[0].Hash)
	}
	if c.Signature, c.PublicKey, err = s.Secrets.Sign("audit", c.Text()); err != nil {
		return nil, fmt.Errorf("sign a checkpoint: %w", err)
	}
	return &one[chain.Checkpoint]{c}, nil
}
