package link

import (
	"context"

	"github.com/busbar-dev/busbar/internal/audit"
	"github.com/busbar-dev/busbar/internal/store"
)

// note writes into the audit log what became of a link, in the transaction that does it, last.
func note(ctx context.Context, tx *store.Tx, l *store.LinkSession, what string) error {
	return audit.Note(ctx, tx, audit.Act{Action: "link." + what, Target: "link-session", TargetID: l.ID, ConnectionID: l.ConnectionID, ProjectID: l.ProjectID})
}

func noteApp(ctx context.Context, tx *store.Tx, a store.App, what string, fields []string) error {
	return audit.Note(ctx, tx, audit.Act{Action: "app." + what, Target: "app", TargetID: a.System + " " + a.AuthMethod, ProjectID: a.ProjectID, Fields: fields})
}

// byCustomer says that whoever holds the link does it.
func (s *Service) byCustomer(ctx context.Context, l *store.LinkSession) context.Context {
	a, _ := audit.Who(ctx)
	return audit.By(ctx, audit.Actor{Kind: audit.Link, ID: l.ID, Name: l.Kind, ProjectID: l.ProjectID, RequestID: a.RequestID, Address: a.Address, At: s.instant()})
}

// byBusbar says that nobody asked for it.
func (s *Service) byBusbar(ctx context.Context, l *store.LinkSession) context.Context {
	return audit.By(ctx, audit.Actor{Kind: audit.System, ProjectID: l.ProjectID, At: s.instant()})
}
