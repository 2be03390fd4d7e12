package api

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/member"
	"github.com/busbar-dev/busbar/internal/store"
)

type invitationView struct {
	ID        string     `json:"id"`
	Email     string     `json:"email" example:"ada@example.com"`
	Role      string     `json:"role" enum:"owner,admin,operator,viewer"`
	Status    string     `json:"status" enum:"open,used,revoked,expired"`
	CreatedAt *time.Time `json:"created_at"`
	ExpiresAt *time.Time `json:"expires_at"`
	MadeBy    string     `json:"made_by" doc:"The id of the member who invited, or who stands behind the key that did; empty: none. The invitation is withdrawn when that member may not invite to the role any more."`
}

// madeInvitation is an invitation at the one moment when its link exists.
type madeInvitation struct {
	invitationView
	Path string `json:"path" doc:"Where the link leads, below the address of this Busbar. It is stored only as a keyed hash and never shown again." example:"/invite/bb_inv_…"`
}

func (s *server) viewInvitation(l store.MemberLink) invitationView {
	v := invitationView{ID: l.ID, Email: l.Email, Role: l.Role, Status: "open", CreatedAt: moment(l.CreatedAt), ExpiresAt: moment(l.ExpiresAt), MadeBy: l.MadeBy}
	switch {
	case !l.UsedAt.IsZero():
		v.Status = "used"
	case !l.RevokedAt.IsZero():
		v.Status = "revoked"
	case !member.Open(&l, s.Now()):
		v.Status = "expired"
	}
	return v
}

type inviteInput struct {
	Body newInvitation
}

type newInvitation struct {
	Email string `json:"email" maxLength:"254" doc:"Whom the link is for. Busbar sends no mail: give the link to them yourself." example:"ada@example.com"`
	Role  string `json:"role" enum:"owner,admin,operator,viewer"`
}

type invitationInput struct {
	ID string `path:"id" doc:"The invitation."`
}

func (s *server) registerInvitations() {
	register(s, access{controlPlane, connection.ScopeAdmin}, huma.Operation{
		OperationID: "list-invitations", Method: http.MethodGet, Path: "/v1/invitations", Tags: []string{tagMembers}, Summary: "List invitations",
	}, s.listInvitations)
	register(s, access{controlPlane, connection.ScopeAdmin}, huma.Operation{
		OperationID: "create-invitation", Method: http.MethodPost, Path: "/v1/invitations", Tags: []string{tagMembers}, DefaultStatus: http.StatusCreated,
		Summary:     "Invite somebody to become a member",
		Description: "The link works once, for seven days, and takes the place of an earlier one for the same address. Nobody invites to a role that may do more than they.",
		RequestBody: example(map[string]any{"email": "ada@example.com", "role": "operator"}),
	}, s.invite)
	register(s, access{controlPlane, connection.ScopeAdmin}, huma.Operation{
		OperationID: "revoke-invitation", Method: http.MethodPost, Path: "/v1/invitations/{id}/revoke", Tags: []string{tagMembers}, Summary: "Revoke an invitation at once",
	}, s.revokeInvitation)
}

func (s *server) listInvitations(ctx context.Context, in *PageInput) (*page[invitationView], error) {
	at := place{kind: idCursor, owner: callerOf(ctx).project(), subject: "invitations"}
	before, err := s.before(at, in.Cursor)
	if err != nil {
		return nil, err
	}
	found, err := s.Store.Invitations(ctx, callerOf(ctx).project(), before, in.Limit+1)
	if err != nil {
		return nil, fmt.Errorf("read invitations: %w", err)
	}
	return pageOf(s, at, in.Limit, found, s.viewInvitation, endsAt(func(l store.MemberLink) string { return l.ID })), nil
}

func (s *server) invite(ctx context.Context, in *inviteInput) (*one[madeInvitation], error) {
	l, err := s.Members.Invite(ctx, by(ctx), callerOf(ctx).project(), in.Body.Email, in.Body.Role)
	if err != nil {
		return nil, err
	}
	return &one[madeInvitation]{madeInvitation{s.viewInvitation(l.MemberLink), l.Path()}}, nil
}

func (s *server) revokeInvitation(ctx context.Context, in *invitationInput) (*one[invitationView], error) {
	l, err := s.Members.RevokeInvitation(ctx, by(ctx), callerOf(ctx).project(), in.ID)
	if err != nil {
		return nil, err
	}
	return &one[invitationView]{s.viewInvitation(*l)}, nil
}
