package member

import (
	"context"

	"github.com/busbar-dev/busbar/internal/audit"
	"github.com/busbar-dev/busbar/internal/store"
)

// act is what is noted in the audit log.
type act struct {
	action, target, id string
	fields             []string
}

func (s *Service) note(ctx context.Context, tx *store.Tx, a act) error {
	return audit.Note(ctx, tx, audit.Act{Action: a.action, Target: a.target, TargetID: a.id, Fields: a.fields})
}

// As says that a member acts, with a browser.
func (s *Service) As(ctx context.Context, m *store.Member, b Browser) context.Context {
	return audit.By(ctx, audit.Actor{
		Kind: audit.Member, ID: m.ID, Name: m.Name, ProjectID: m.ProjectID, RequestID: b.RequestID, Address: addressText(b.Address), At: s.instant(),
	})
}
