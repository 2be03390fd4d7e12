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

type memberView struct {
	ID          string     `json:"id"`
	Email       string     `json:"email" example:"ada@example.com"`
	Name        string     `json:"name" example:"Ada Lovelace"`
	Role        string     `json:"role" enum:"owner,admin,operator,viewer"`
	Disabled    bool       `json:"disabled" doc:"A disabled member cannot log in, and has no sessions."`
	HasPassword bool       `json:"has_password" doc:"False: logs in with OpenID Connect only."`
	LoginServer bool       `json:"login_server" doc:"The member logs in at the login server (OpenID Connect) too. Choosing a password by a link ends that."`
	CreatedAt   *time.Time `json:"created_at"`
	LastLoginAt *time.Time `json:"last_login_at"`
}

func viewMember(m store.Member) memberView {
	return memberView{ID: m.ID, Email: m.Email, Name: m.Name, Role: m.Role, Disabled: !m.DisabledAt.IsZero(), HasPassword: m.Password != "", LoginServer: member.Tied(&m),
		CreatedAt: moment(m.CreatedAt), LastLoginAt: moment(m.LastLoginAt)}
}

// memberLink is a link at the one moment when its address exists.
type memberLink struct {
	Path      string     `json:"path" doc:"Where the link leads, below the address of this Busbar. It is stored only as a keyed hash and never shown again." example:"/password/bb_inv_…"`
	ExpiresAt *time.Time `json:"expires_at"`
}

func viewMemberLink(l member.Link) memberLink {
	return memberLink{Path: l.Path(), ExpiresAt: moment(l.ExpiresAt)}
}

// leftView is what becomes of what a member gave out that may not do so any more.
type leftView struct {
	Withdrawn int              `json:"withdrawn" doc:"How many links that the member gave out, to join or to choose a password, work no more." example:"1"`
	Keys      []projectKeyView `json:"keys" doc:"Project keys that the member issued and that may do more than the member now. They go on, because programs live by them: revoke those that only the member has."`
}

func viewLeft(l member.Left) leftView {
	v := leftView{Withdrawn: len(l.Withdrawn), Keys: make([]projectKeyView, len(l.Keys))}
	for i, k := range l.Keys {
		v.Keys[i] = viewProjectKey(k)
	}
	return v
}

type changedMember struct {
	memberView
	Left leftView `json:"left" doc:"Of a role or of being enabled; otherwise empty."`
}

type removedMember struct {
	ID   string   `json:"id"`
	Left leftView `json:"left"`
}

type memberInput struct {
	ID string `path:"id" doc:"The member."`
}

type changeMemberInput struct {
	ID   string `path:"id" doc:"The member."`
	Body changeMember
}

type changeMember struct {
	Name     *string `json:"name,omitempty" minLength:"1" maxLength:"100"`
	Role     *string `json:"role,omitempty" enum:"owner,admin,operator,viewer" doc:"With another role all sessions of the member end."`
	Disabled *bool   `json:"disabled,omitempty" doc:"True ends all sessions of the member at once."`
}

func (s *server) registerMembers() {
	register(s, access{controlPlane, connection.ScopeAdmin}, huma.Operation{
		OperationID: "list-members", Method: http.MethodGet, Path: "/v1/members", Tags: []string{tagMembers}, Summary: "List the members of the project",
	}, s.listMembers)
	register(s, access{controlPlane, connection.ScopeAdmin}, huma.Operation{
		OperationID: "create-member", Method: http.MethodPost, Path: "/v1/members", Tags: []string{tagMembers}, DefaultStatus: http.StatusCreated,
		Summary:     "Invite somebody (the same as POST /v1/invitations)",
		Description: "Nobody becomes a member without choosing a name and a password, so that this makes an invitation.",
		RequestBody: example(map[string]any{"email": "ada@example.com", "role": "operator"}),
	}, s.invite)
	register(s, access{controlPlane, connection.ScopeAdmin}, huma.Operation{
		OperationID: "get-member", Method: http.MethodGet, Path: "/v1/members/{id}", Tags: []string{tagMembers}, Summary: "Get a member",
	}, s.getMember)
	register(s, access{controlPlane, connection.ScopeAdmin}, huma.Operation{
		OperationID: "update-member", Method: http.MethodPatch, Path: "/v1/members/{id}", Tags: []string{tagMembers},
		Summary:     "Change a member's name or role, disable or enable it",
		Description: "Nobody gives, takes or changes a role that may do more than they. The last owner stays: 409 conflict.",
		RequestBody: example(map[string]any{"role": "viewer"}),
	}, s.changeMember)
	register(s, access{controlPlane, connection.ScopeAdmin}, huma.Operation{
		OperationID: "delete-member", Method: http.MethodDelete, Path: "/v1/members/{id}", Tags: []string{tagMembers},
		Summary:     "Remove a member at once",
		Description: "Its sessions end, and the links that it gave out work no more. Project keys that it issued go on; the answer names them.",
	}, s.removeMember)
	register(s, access{controlPlane, connection.ScopeAdmin}, huma.Operation{
		OperationID: "create-password-link", Method: http.MethodPost, Path: "/v1/members/{id}/password-link", Tags: []string{tagMembers}, DefaultStatus: http.StatusCreated,
		Summary:     "Make a link by which a member chooses a new password",
		Description: "It works once, for 24 hours, and takes the place of earlier ones. Busbar sends no mail: give the link to the member yourself.",
	}, s.passwordLink)
}

// by is what the caller may do to members.
func by(ctx context.Context) member.By {
	b := member.By{Scopes: callerOf(ctx).scopes()}
	if m := callerOf(ctx).principal.Member; m != nil {
		b.Member = m.ID
	}
	return b
}

func (s *server) listMembers(ctx context.Context, in *PageInput) (*page[memberView], error) {
	at := place{kind: idCursor, owner: callerOf(ctx).project(), subject: "members"}
	before, err := s.before(at, in.Cursor)
	if err != nil {
		return nil, err
	}
	found, err := s.Store.Members(ctx, callerOf(ctx).project(), before, in.Limit+1)
	if err != nil {
		return nil, fmt.Errorf("read members: %w", err)
	}
	return pageOf(s, at, in.Limit, found, viewMember, endsAt(func(m store.Member) string { return m.ID })), nil
}

func (s *server) getMember(ctx context.Context, in *memberInput) (*one[memberView], error) {
	m, err := s.Members.Member(ctx, callerOf(ctx).project(), in.ID)
	if err != nil {
		return nil, err
	}
	return &one[memberView]{viewMember(*m)}, nil
}

func (s *server) changeMember(ctx context.Context, in *changeMemberInput) (*one[changedMember], error) {
	m, left, err := s.Members.Change(ctx, by(ctx), callerOf(ctx).project(), in.ID, member.Change(in.Body))
	if err != nil {
		return nil, err
	}
	return &one[changedMember]{changedMember{viewMember(*m), viewLeft(left)}}, nil
}

func (s *server) removeMember(ctx context.Context, in *memberInput) (*one[removedMember], error) {
	left, err := s.Members.Remove(ctx, by(ctx), callerOf(ctx).project(), in.ID)
	if err != nil {
		return nil, err
	}
	return &one[removedMember]{removedMember{in.ID, viewLeft(left)}}, nil
}

func (s *server) passwordLink(ctx context.Context, in *memberInput) (*one[memberLink], error) {
	l, err := s.Members.PasswordLink(ctx, by(ctx), callerOf(ctx).project(), in.ID)
	if err != nil {
		return nil, err
	}
	return &one[memberLink]{viewMemberLink(l)}, nil
}
