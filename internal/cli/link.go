package cli

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

type linkGroup struct {
	clientFlags `embed:""`

	Create   linkCreateCmd   `cmd:"" help:"Make a link by which a customer connects a system; it is shown once."`
	List     linkListCmd     `cmd:"" help:"List links, newest first."`
	Show     linkShowCmd     `cmd:"" help:"Show one link and what became of it."`
	Revoke   linkRevokeCmd   `cmd:"" help:"End a link at once."`
	Exchange linkExchangeCmd `cmd:"" help:"Exchange the code of a link for the connection's token; it is shown once."`
	Settings linkSettingsCmd `cmd:"" help:"How the pages of links look, and where they may lead: show and change it."`
	App      linkAppGroup    `cmd:"" help:"Your own registrations with systems' login servers."`
}

type linkSession struct {
	ID           string `json:"id"`
	Kind         string `json:"kind"`
	Purpose      string `json:"purpose"`
	Status       string `json:"status"`
	ConnectionID string `json:"connection_id"`
	RedirectURI  string `json:"redirect_uri"`
	Preset       struct {
		System string `json:"system"`
		Name   string `json:"name"`
	} `json:"preset"`
	CreatedAt   *string `json:"created_at"`
	ExpiresAt   *string `json:"expires_at"`
	OpenedAt    *string `json:"opened_at"`
	EndedAt     *string `json:"ended_at"`
	ExchangedAt *string `json:"exchanged_at"`
	URL         string  `json:"url"` // exists only when the link is made
}

func (l linkSession) facts() *table {
	return facts("id", l.ID, "kind", l.Kind, "purpose", l.Purpose, "status", l.Status, "connection", l.ConnectionID, "system", l.Preset.System, "name", l.Preset.Name, "leads back to", l.RedirectURI,
		"created", instant(l.CreatedAt), "until", instant(l.ExpiresAt), "opened", instant(l.OpenedAt), "ended", instant(l.EndedAt), "exchanged", instant(l.ExchangedAt))
}

type linkCreateCmd struct {
	System      string   `arg:"" optional:"" help:"The system to connect. Default: the customer chooses."`
	Magic       bool     `help:"A Magic Link, to be sent: it lives for 7 days, not 30 minutes."`
	Reauthorize string   `placeholder:"CONNECTION" help:"Renew the login of this connection; also of one that was disconnected."`
	Expires     *life    `placeholder:"2h" help:"How long it lives: from 1m to 24h, a Magic Link to 90d."`
	Name        string   `placeholder:"NAME" help:"What people call the connection."`
	Entities    []string `placeholder:"ENTITY" help:"Sync only these. Needs a system."`
	History     string   `placeholder:"P90D" help:"How far back the first sync reads."`
	Schedule    string   `placeholder:"1h" help:"How often to sync."`
	TimeZone    string   `name:"time-zone" placeholder:"ZONE" help:"Of times that the system gives without one."`
	Language    string   `placeholder:"de" help:"Of the pages. Default: the browser's."`
	Tags        []string `name:"tag" placeholder:"TAG" help:"Tags of the connection. Repeat the flag."`
	Metadata    string   `placeholder:"JSON" help:"A JSON object of your own to keep with the connection."`
	RedirectURI string   `name:"redirect-uri" placeholder:"URL" help:"Where the customer goes at the end, with a code: exactly one of the project's redirect addresses."`
	State       string   `placeholder:"TEXT" help:"Given back to the redirect address as it came."`
	Challenge   string   `name:"code-challenge" placeholder:"TEXT" help:"SHA-256 of a code_verifier in base64url. Default with --redirect-uri: a verifier is made and shown once."`
}

// Help ends the command's help with examples.
func (linkCreateCmd) Help() string {
	return `The address is shown once. With --redirect-uri a code comes back, which busbar link exchange makes a token of.

Examples:

  busbar link create tryton --magic --name "Plant Essen"
  busbar link create --redirect-uri https://app.example.com/connected --state 4711
  busbar link create --reauthorize 0190b5a4-7c1e-7d7a-9f5e-2f6f6d0e8a11`
}

type newLink struct {
	Kind         string         `json:"kind,omitempty"`
	Purpose      string         `json:"purpose,omitempty"`
	ConnectionID string         `json:"connection_id,omitempty"`
	ExpiresIn    int            `json:"expires_in,omitzero"`
	System       string         `json:"system,omitempty"`
	Name         string         `json:"name,omitempty"`
	Metadata     jsontext.Value `json:"metadata,omitzero"`
	Tags         []string       `json:"tags,omitempty"`
	Entities     []string       `json:"entities,omitempty"`
	History      string         `json:"history,omitempty"`
	Schedule     string         `json:"schedule,omitempty"`
	TimeZone     string         `json:"time_zone,omitempty"`
	Language     string         `json:"language,omitempty"`
	RedirectURI  string         `json:"redirect_uri,omitempty"`
	State        string         `json:"state,omitempty"`
	Challenge    string         `json:"code_challenge,omitempty"`
}

// Run makes the link and prints its address and its end.
func (cmd *linkCreateCmd) Run(ctx context.Context, c *client, s *Streams) error {
	body, err := cmd.body()
	if err != nil {
		return err
	}
	verifier := ""
	if body.RedirectURI != "" && body.Challenge == "" {
		verifier, body.Challenge = newVerifier()
	}
	made, raw, err := get[linkSession](ctx, c, request{method: http.MethodPost, path: "/link-sessions", body: body, who: aKey})
	if err != nil {
		return err
	}
	t := facts("id", made.ID, "connection", made.ConnectionID, "link", made.URL, "until", instant(made.ExpiresAt), "note", "shown this once: give it to the customer yourself")
	if verifier == "" {
		return c.show(s, raw, t)
	}
	t.add("verifier:", verifier)
	if err := c.show(s, raw, t); err != nil {
		return err
	}
	fmt.Fprintf(s.Err, "When the code comes back, within 60 seconds: busbar link exchange CODE --verifier %s\n", verifier)
	return nil
}

// newVerifier gives a code_verifier of PKCE and its challenge.
func newVerifier() (verifier, challenge string) {
	var raw [32]byte
	rand.Read(raw[:])
	verifier = base64.RawURLEncoding.EncodeToString(raw[:])
	sum := sha256.Sum256([]byte(verifier))
	return verifier, base64.RawURLEncoding.EncodeToString(sum[:])
}

func (cmd *linkCreateCmd) body() (newLink, error) {
	n := newLink{System: cmd.System, Name: cmd.Name, Tags: cmd.Tags, Entities: cmd.Entities, History: cmd.History, Schedule: cmd.Schedule, TimeZone: cmd.TimeZone, Language: cmd.Language,
		RedirectURI: cmd.RedirectURI, State: cmd.State, Challenge: cmd.Challenge}
	if cmd.Magic {
		n.Kind = "magic"
	}
	if cmd.Reauthorize != "" {
		n.Purpose, n.ConnectionID = "reauthorize", cmd.Reauthorize
	}
	if cmd.Expires != nil {
		if time.Duration(*cmd.Expires) < time.Minute {
			return n, usage{errors.New("--expires is at least 1m")}
		}
		n.ExpiresIn = int(time.Duration(*cmd.Expires).Seconds())
	}
	var err error
	n.Metadata, err = metadataOf(cmd.Metadata)
	return n, err
}

type linkListCmd struct {
	Status string `placeholder:"STATUS" help:"Only links that stand so: open, connected, cancelled or expired."`
	Of     string `placeholder:"CONNECTION" help:"Only links of this connection."`
	Limit  int    `default:"100" help:"At most so many (1 to 500)."`
	Cursor string `placeholder:"CURSOR" help:"Go on where an earlier list ended."`
}

// Help ends the command's help with an example.
func (linkListCmd) Help() string { return "Example:\n\n  busbar link list --status open" }

// Run prints one page of links.
func (cmd *linkListCmd) Run(ctx context.Context, c *client, s *Streams) error {
	query := url.Values{"limit": {strconv.Itoa(cmd.Limit)}}
	set(query, "status", cmd.Status)
	set(query, "connection_id", cmd.Of)
	set(query, "cursor", cmd.Cursor)
	page, raw, err := get[list[linkSession]](ctx, c, request{method: http.MethodGet, path: "/link-sessions", query: query, who: aKey})
	if err != nil {
		return err
	}
	t := newTable("No links. Make one: busbar link create --help", "ID", "KIND", "PURPOSE", "STATUS", "CONNECTION", "UNTIL", "EXCHANGED")
	for _, l := range page.Data {
		t.add(l.ID, l.Kind, l.Purpose, l.Status, l.ConnectionID, instant(l.ExpiresAt), instant(l.ExchangedAt))
	}
	if err := c.show(s, raw, t); err != nil || page.Next == nil || c.Output == "json" {
		return err
	}
	fmt.Fprintf(s.Err, "There is more: add --cursor %s\n", *page.Next)
	return nil
}

type linkShowCmd struct {
	ID string `arg:"" help:"The link's id."`
}

// Help ends the command's help with an example.
func (linkShowCmd) Help() string {
	return "Example:\n\n  busbar link show 0190b5a4-8d20-7e57-8a3c-0d6c3b1f9c42"
}

// Run shows the link, without its address.
func (cmd *linkShowCmd) Run(ctx context.Context, c *client, s *Streams) error {
	return aLink(ctx, c, s, http.MethodGet, cmd.ID, "")
}

type linkRevokeCmd struct {
	ID string `arg:"" help:"The link's id."`
}

// Help ends the command's help with an example.
func (linkRevokeCmd) Help() string {
	return "What a link has connected stays: busbar connection disconnect ends that.\n\nExample:\n\n  busbar link revoke 0190b5a4-8d20-7e57-8a3c-0d6c3b1f9c42"
}

// Run ends the link.
func (cmd *linkRevokeCmd) Run(ctx context.Context, c *client, s *Streams) error {
	return aLink(ctx, c, s, http.MethodPost, cmd.ID, "/revoke")
}

func aLink(ctx context.Context, c *client, s *Streams, method, id, suffix string) error {
	l, raw, err := get[linkSession](ctx, c, request{method: method, path: "/link-sessions/" + url.PathEscape(id) + suffix, who: aKey})
	if err != nil {
		return err
	}
	return c.show(s, raw, l.facts())
}

type linkExchangeCmd struct {
	Code     string `arg:"" help:"As it came to the redirect address."`
	Verifier string `required:"" placeholder:"TEXT" help:"The code_verifier whose challenge the link was made with."`
}

// Help ends the command's help with an example.
func (linkExchangeCmd) Help() string {
	return `A code is good for 60 seconds, and once: a second use revokes the token that the first one gave.

Example:

  busbar link exchange bb_cod_… --verifier dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk`
}

type exchangeOf struct {
	Code     string `json:"code"`
	Verifier string `json:"code_verifier"`
}

type exchangedLink struct {
	Connection connection   `json:"connection"`
	Token      *issuedToken `json:"token"`
}

// Run exchanges the code and prints the token.
func (cmd *linkExchangeCmd) Run(ctx context.Context, c *client, s *Streams) error {
	body := exchangeOf{strings.TrimSpace(cmd.Code), cmd.Verifier}
	got, raw, err := get[exchangedLink](ctx, c, request{method: http.MethodPost, path: "/link-sessions/exchange", body: body, who: aKey})
	if err != nil {
		return err
	}
	t := got.Connection.facts()
	if got.Token == nil {
		t.add("token:", "none: the login was renewed, and the tokens of the connection go on")
	} else {
		t.add("token:", got.Token.Plain)
		t.add("note:", "shown this once: keep it where your secrets are")
	}
	return c.show(s, raw, t)
}
