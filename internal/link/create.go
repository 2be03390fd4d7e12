package link

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"
	"unicode"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/store"
)

const maxState = 2048 // bytes

var language = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)

// Create makes a link, and gives its address, which exists only in this answer. Errors: *problem.Error.
func (s *Service) Create(ctx context.Context, projectID string, n New) (*store.LinkSession, string, error) {
	l, err := s.draft(ctx, projectID, &n)
	if err != nil {
		return nil, "", err
	}
	r, err := s.Connections.CheckReservation(n.reservation())
	if err != nil {
		return nil, "", err
	}
	if err := s.offered(ctx, projectID, n); err != nil {
		return nil, "", err
	}
	n.Name = r.Name
	if l.Settings, err = json.Marshal(n.Settings); err != nil {
		return nil, "", fmt.Errorf("write the settings of a link: %w", err)
	}
	plain, err := secret.NewToken(secret.LinkSecret, s.Rand)
	if err != nil {
		return nil, "", err
	}
	l.Hash = s.Keeper.Hash(plain)
	err = s.Store.Write(ctx, func(tx *store.Tx) error {
		if err := s.room(ctx, tx, projectID); err != nil {
			return err
		}
		if l.Purpose == PurposeConnect {
			c, err := s.Connections.Reserve(ctx, tx, projectID, r)
			if err != nil {
				return err
			}
			l.ConnectionID = c.ID
		} else if err := s.renewable(ctx, tx, projectID, l.ConnectionID); err != nil {
			return err
		}
		if err := tx.InsertLink(ctx, l); err != nil {
			return err
		}
		return note(ctx, tx, l, "created")
	})
	if err != nil {
		return nil, "", fmt.Errorf("make a link: %w", err)
	}
	return l, s.PublicURL + "/link/" + plain, nil
}

// offered refuses a link for a system that no customer can log in to.
func (s *Service) offered(ctx context.Context, projectID string, n New) error {
	sys := s.Config.Systems.System(n.System)
	if sys == nil {
		return nil
	}
	given, err := s.given(ctx, projectID)
	if err != nil || len(choiceOf(sys, given).Ways) > 0 {
		return err
	}
	return problem.New(problem.ValidationFailed, "Something in the request is not valid; mend every entry of errors and send it again.").
		At("/system", problem.Invalid, "Every way to log in has a field that is yours alone to fill in: PUT /v1/project/apps/"+sys.System+" with it, or connect the system with POST /v1/connections.")
}

// room refuses one more link where the project has as many open as it may.
func (s *Service) room(ctx context.Context, tx *store.Tx, projectID string) error {
	switch open, err := tx.OpenLinks(ctx, projectID); {
	case err != nil:
		return err
	case open >= int64(s.Most):
		return problem.Newf(problem.Conflict, "Your project has %d open links, and may have %d (the setting --open-links). Revoke those that nobody needs, which GET /v1/link-sessions?status=open lists, or wait until they expire.", open, s.Most)
	}
	return nil
}

func (n New) reservation() connection.Reservation {
	return connection.Reservation{System: n.System, Name: n.Name, TimeZone: n.TimeZone, History: n.History, Schedule: n.Schedule, Entities: n.Entities, Tags: n.Tags, Metadata: n.Metadata}
}

// draft checks what concerns the link itself and fills in defaults.
func (s *Service) draft(ctx context.Context, projectID string, n *New) (*store.LinkSession, error) {
	n.Kind, n.Purpose = cmp.Or(n.Kind, KindSession), cmp.Or(n.Purpose, PurposeConnect)
	p := problem.New(problem.ValidationFailed, "Something in the request is not valid; mend every entry of errors and send it again.")
	n.faults(p)
	if n.RedirectURI != "" {
		brand, err := s.Brand(ctx, projectID)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(brand.RedirectURIs, n.RedirectURI) {
			p.At("/redirect_uri", problem.Unknown, "It must be exactly one of the project's redirect addresses, character by character; PATCH /v1/project registers them.")
		}
	}
	if len(p.Items) > 0 {
		return nil, p
	}
	id, err := uuid.NewV7FromReader(s.Rand)
	if err != nil {
		return nil, fmt.Errorf("make an id: %w", err)
	}
	now := s.instant()
	return &store.LinkSession{
		ID: id.String(), ProjectID: projectID, Kind: n.Kind, Purpose: n.Purpose, ConnectionID: n.ConnectionID, Status: store.LinkOpen,
		RedirectURI: n.RedirectURI, State: n.State, Challenge: n.Challenge, CreatedAt: now, ExpiresAt: now.Add(n.life()),
	}, nil
}

func (n *New) life() time.Duration {
	switch {
	case n.Life > 0:
		return n.Life
	case n.Kind == KindMagic:
		return magicLife
	}
	return sessionLife
}

func (n *New) longest() time.Duration {
	if n.Kind == KindMagic {
		return longestLife
	}
	return 24 * time.Hour
}

// faults notes everything wrong with what concerns the link itself.
func (n *New) faults(p *problem.Error) {
	if n.Kind != KindSession && n.Kind != KindMagic {
		p.At("/kind", problem.Unknown, "It is session or magic.")
	}
	if n.Life < 0 || n.Life > n.longest() || n.Life > 0 && n.Life < time.Minute {
		p.At("/expires_in", problem.OutOfRange, fmt.Sprintf("It may be from 60 to %d seconds.", int(n.longest().Seconds())))
	}
	if n.Language != "" && !language.MatchString(n.Language) {
		p.At("/language", problem.Invalid, "Write a language tag: en, de, pt-BR.")
	}
	n.purposeFaults(p)
	n.returnFaults(p)
}

func (n *New) purposeFaults(p *problem.Error) {
	switch n.Purpose {
	case PurposeConnect:
		if n.ConnectionID != "" {
			p.At("/connection_id", problem.NotSupported, "A link to connect makes its own connection; only purpose reauthorize names one.")
		}
	case PurposeReauthorize:
		if n.ConnectionID == "" {
			p.At("/connection_id", problem.Required, "Name the connection whose login is to be renewed.")
		}
		if n.System != "" || n.Name != "" || n.History != "" || n.Schedule != "" || n.TimeZone != "" || len(n.Entities) > 0 || len(n.Tags) > 0 || len(n.Metadata) > 0 {
			p.At("/purpose", problem.NotSupported, "A connection that there is keeps its system, name and settings: leave them out.")
		}
	default:
		p.At("/purpose", problem.Unknown, "It is connect or reauthorize.")
	}
}

func (n *New) returnFaults(p *problem.Error) {
	if len(n.State) > maxState || !printable(n.State) {
		p.At("/state", problem.OutOfRange, fmt.Sprintf("It may have %d bytes, without control characters.", maxState))
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(n.Challenge)
	switch {
	case n.RedirectURI == "" && n.State != "":
		p.At("/state", problem.NotSupported, "It is given back to the redirect address: name redirect_uri too.")
	case n.RedirectURI == "" && n.Challenge != "":
		p.At("/code_challenge", problem.NotSupported, "It guards the code that goes to the redirect address: name redirect_uri too.")
	case n.RedirectURI != "" && n.Challenge == "":
		p.At("/code_challenge", problem.Required, "Make a code_verifier and send its SHA-256 in base64url here (PKCE, method S256).")
	case n.Challenge != "" && (err != nil || len(raw) != 32):
		p.At("/code_challenge", problem.Invalid, "It is the SHA-256 of the code_verifier in base64url without padding: 43 characters.")
	}
}

func printable(text string) bool {
	for _, r := range text {
		if r == unicode.ReplacementChar || unicode.IsControl(r) {
			return false
		}
	}
	return true
}

// renewable checks, in the transaction that makes the link, that the connection has a login to be renewed.
func (s *Service) renewable(ctx context.Context, tx *store.Tx, projectID, id string) error {
	c, err := tx.LockConnection(ctx, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && c.ProjectID != projectID {
		return problem.New(problem.NotFound, "There is no such connection in your project.")
	}
	switch {
	case err != nil:
		return err
	case c.State == store.ConnectionPending:
		return problem.New(problem.ConnectionPending, "Nobody has connected it yet: send the link that it was made with again, or a new one.")
	case c.State == store.ConnectionPaused:
		return problem.New(problem.ConnectionPaused, "The connection is paused. Resume it first.")
	case !c.DeletingAt.IsZero():
		return problem.New(problem.Conflict, "The data of this connection are being deleted. Make a link to connect the system anew.")
	case connection.NeverConnected(c):
		return problem.New(problem.Conflict, "Nobody ever logged in for this connection, and its link has ended. Make a link to connect the system anew.")
	}
	return nil
}

// instant is the present as the database keeps it.
func (s *Service) instant() time.Time { return s.Now().UTC().Truncate(time.Microsecond) }
