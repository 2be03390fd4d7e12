package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/link"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// LinkSessionView is a link session as it is served.
type LinkSessionView struct {
	ID           string        `json:"id"`
	Kind         string        `json:"kind" enum:"session,magic"`
	Purpose      string        `json:"purpose" enum:"connect,reauthorize"`
	Status       string        `json:"status" enum:"open,connected,cancelled,expired"`
	ConnectionID string        `json:"connection_id" doc:"The connection that the link is for: pending until it is used. One whose link came to nothing is deleted."`
	Preset       link.Settings `json:"preset" doc:"What the customer cannot choose any more."`
	RedirectURI  string        `json:"redirect_uri" doc:"Empty: the customer stays on the last page."`
	CreatedAt    *time.Time    `json:"created_at"`
	ExpiresAt    *time.Time    `json:"expires_at"`
	OpenedAt     *time.Time    `json:"opened_at" doc:"When a person went on past the first page; null: nobody has."`
	EndedAt      *time.Time    `json:"ended_at"`
	ExchangedAt  *time.Time    `json:"exchanged_at" doc:"When its code was exchanged; null: it was not."`
}

func viewLink(l *store.LinkSession) LinkSessionView {
	v := LinkSessionView{ID: l.ID, Kind: l.Kind, Purpose: l.Purpose, Status: string(l.Status), ConnectionID: l.ConnectionID, RedirectURI: l.RedirectURI, CreatedAt: moment(l.CreatedAt),
		ExpiresAt: moment(l.ExpiresAt), OpenedAt: moment(l.OpenedAt), EndedAt: moment(l.EndedAt), ExchangedAt: moment(l.CodeUsedAt)}
	_ = json.Unmarshal(l.Settings, &v.Preset) // as this program wrote it
	return v
}

// madeLink is a link at the one moment when its address exists.
type madeLink struct {
	LinkSessionView
	URL string `json:"url" doc:"Where the customer goes. It is stored only as a keyed hash and never shown again." example:"https://busbar.example.com/link/bb_lnk_…"`
}

type madeLinkOutput struct {
	Location string `header:"Location"`
	Body     madeLink
}

type newLinkInput struct{ Body newLink }

type newLink struct {
	Kind                string   `json:"kind,omitempty" enum:"session,magic" doc:"session: for a customer who is there, 30 minutes. magic: to be sent, 7 days. Default session."`
	Purpose             string   `json:"purpose,omitempty" enum:"connect,reauthorize" doc:"reauthorize renews the login of a connection, also of one that was disconnected. Default connect."`
	ConnectionID        string   `json:"connection_id,omitempty" doc:"Of purpose reauthorize: the connection."`
	ExpiresIn           int      `json:"expires_in,omitempty" minimum:"60" maximum:"7776000" doc:"Seconds; a session has a day at most, a Magic Link 90 days."`
	System              string   `json:"system,omitempty" doc:"Preset: the customer does not choose." example:"tryton"`
	Name                string   `json:"name,omitempty" maxLength:"200" doc:"Of the connection." example:"Plant Rotterdam"`
	Metadata            object   `json:"metadata,omitempty" doc:"Your own object, kept with the connection."`
	Tags                []string `json:"tags,omitempty" maxItems:"20"`
	Entities            []string `json:"entities,omitempty" maxItems:"200" doc:"Preset: what is synced. Needs system."`
	History             string   `json:"history,omitempty" example:"P90D"`
	Schedule            string   `json:"schedule,omitempty" example:"1h"`
	TimeZone            string   `json:"time_zone,omitempty" example:"Europe/Amsterdam"`
	Language            string   `json:"language,omitempty" doc:"Of the pages. Default: the browser's." example:"de"`
	RedirectURI         string   `json:"redirect_uri,omitempty" maxLength:"2048" doc:"Where the customer goes at the end, with a code and state: exactly one of the project's redirect addresses."`
	State               string   `json:"state,omitempty" maxLength:"2048" doc:"Given back to the redirect address as it came."`
	CodeChallenge       string   `json:"code_challenge,omitempty" maxLength:"128" doc:"Required with redirect_uri: SHA-256 of a code_verifier, in base64url."`
	CodeChallengeMethod string   `json:"code_challenge_method,omitempty" enum:"S256"`
}

func (b newLink) link() link.New {
	return link.New{
		Kind: b.Kind, Purpose: b.Purpose, ConnectionID: b.ConnectionID, Life: time.Duration(b.ExpiresIn) * time.Second, Metadata: json.RawMessage(b.Metadata), Tags: b.Tags,
		Settings:    link.Settings{System: b.System, Name: b.Name, Entities: b.Entities, History: b.History, Schedule: b.Schedule, TimeZone: b.TimeZone, Language: b.Language},
		RedirectURI: b.RedirectURI, State: b.State, Challenge: b.CodeChallenge,
	}
}

type linkInput struct {
	ID string `path:"id" doc:"The link session."`
}

type linksInput struct {
	Status       string `query:"status" enum:"open,connected,cancelled,expired" doc:"Only link sessions that stand so."`
	ConnectionID string `query:"connection_id" doc:"Only those of this connection."`
	PageInput
}

type exchangeInput struct{ Body exchange }

type exchange struct {
	Code         string `json:"code" minLength:"1" maxLength:"200" doc:"As it came to the redirect address." example:"bb_cod_…"`
	CodeVerifier string `json:"code_verifier" minLength:"43" maxLength:"128" doc:"Whose SHA-256 was the code_challenge."`
}

type exchanged struct {
	LinkSession LinkSessionView `json:"link_session"`
	Connection  connectionView  `json:"connection"`
	Token       *issuedToken    `json:"token" doc:"The token of the connection, shown only here. Null when the login of a connection was renewed whose tokens go on."`
}

func (s *server) registerLinks() {
	register(s, access{controlPlane, connection.ScopeRead}, huma.Operation{
		OperationID: "list-link-sessions", Method: http.MethodGet, Path: "/v1/link-sessions", Tags: []string{tagLinks}, Summary: "List link sessions, newest first",
	}, s.listLinks)
	register(s, access{controlPlane, connection.ScopeConnect}, huma.Operation{
		OperationID: "create-link-session", Method: http.MethodPost, Path: "/v1/link-sessions", Tags: []string{tagLinks}, DefaultStatus: http.StatusCreated,
		Summary:     "Make a link by which a customer connects a system",
		Description: "The customer fills in the login on a page of Busbar; you never see it. The connection is there at once, pending until the link is used. A link is used once, in the browser that went on with it first.",
		RequestBody: example(map[string]any{"kind": "magic", "system": "tryton", "name": "Plant Rotterdam", "metadata": map[string]any{"customer": "4711"}}),
	}, s.createLink)
	register(s, access{controlPlane, connection.ScopeRead}, huma.Operation{
		OperationID: "get-link-session", Method: http.MethodGet, Path: "/v1/link-sessions/{id}", Tags: []string{tagLinks}, Summary: "Get a link session",
	}, s.getLink)
	register(s, access{controlPlane, connection.ScopeConnect}, huma.Operation{
		OperationID: "revoke-link-session", Method: http.MethodPost, Path: "/v1/link-sessions/{id}/revoke", Tags: []string{tagLinks},
		Summary: "End a link at once", Description: "The connection that it was to make goes with it. A link that was used is not undone: 409 conflict.",
	}, func(ctx context.Context, in *linkInput) (*one[LinkSessionView], error) {
		l, err := s.Links.Revoke(ctx, callerOf(ctx).project(), in.ID)
		if err != nil {
			return nil, err
		}
		return &one[LinkSessionView]{viewLink(l)}, nil
	})
	registerAs(s, access{controlPlane, connection.ScopeConnect}, manner{sensitive: true}, huma.Operation{
		OperationID: "exchange-link-code", Method: http.MethodPost, Path: "/v1/link-sessions/exchange", Tags: []string{tagLinks},
		Summary:     "Exchange the code of a link for the connection's token",
		Description: "A code is good for 60 seconds and once: a second use revokes the token that the first one gave. Send an Idempotency-Key, so that an answer that is lost can be asked for again.",
		RequestBody: example(map[string]any{"code": "bb_cod_…", "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"}),
	}, s.exchangeCode)
}

func (s *server) listLinks(ctx context.Context, in *linksInput) (*page[LinkSessionView], error) {
	project := callerOf(ctx).project()
	at := place{kind: idCursor, owner: project, subject: "link-sessions", filters: fmt.Sprintf("%q %q", in.Status, in.ConnectionID)}
	before, err := s.before(at, in.Cursor)
	if err != nil {
		return nil, err
	}
	found, err := s.Store.Links(ctx, project, store.LinkFilter{Before: before, Status: store.LinkStatus(in.Status), ConnectionID: in.ConnectionID, Limit: in.Limit + 1})
	if err != nil {
		return nil, fmt.Errorf("read link sessions: %w", err)
	}
	return pageOf(s, at, in.Limit, found, viewLink, endsAt(func(l *store.LinkSession) string { return l.ID })), nil
}

func (s *server) createLink(ctx context.Context, in *newLinkInput) (*madeLinkOutput, error) {
	l, address, err := s.Links.Create(ctx, callerOf(ctx).project(), in.Body.link())
	if err != nil {
		return nil, err
	}
	return &madeLinkOutput{Location: "/v1/link-sessions/" + l.ID, Body: madeLink{viewLink(l), address}}, nil
}

func (s *server) getLink(ctx context.Context, in *linkInput) (*one[LinkSessionView], error) {
	l, err := s.Store.Link(ctx, callerOf(ctx).project(), in.ID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, &problem.Error{Code: problem.NotFound, Detail: fmt.Sprintf("There is no link session %s in your project.", quote(in.ID))}
	}
	if err != nil {
		return nil, fmt.Errorf("read link session: %w", err)
	}
	return &one[LinkSessionView]{viewLink(l)}, nil
}

func (s *server) exchangeCode(ctx context.Context, in *exchangeInput) (*one[exchanged], error) {
	scopes, err := callerOf(ctx).grants(nil)
	if err != nil {
		return nil, err
	}
	got, err := s.Links.Exchange(ctx, callerOf(ctx).project(), in.Body.Code, in.Body.CodeVerifier, scopes)
	if err != nil {
		return nil, err
	}
	out := exchanged{LinkSession: viewLink(got.Link), Connection: s.viewConnection(got.Connection)}
	if got.Token != nil {
		t := viewIssued(*got.Token)
		out.Token = &t
	}
	return &one[exchanged]{out}, nil
}
