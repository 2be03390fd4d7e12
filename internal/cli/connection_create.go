package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/go-json-experiment/json/jsontext"
)

type connectionCreateCmd struct {
	System string `arg:"" help:"The system to connect (busbar system list shows them)."`
	Name   string `placeholder:"NAME" help:"What people call the connection. Default: the system's name."`
	credentialFlags
	Entities []string `placeholder:"ENTITY" help:"Sync only these. Default: everything that the connector knows."`
	History  string   `placeholder:"P90D" help:"How far back the first sync reads: days, weeks, months or years (P90D, P2W, P12M, P2Y), or all."`
	Schedule string   `placeholder:"1h" help:"How often to sync: 5m, 1h, a cron expression, or manual."`
	TimeZone string   `name:"time-zone" placeholder:"ZONE" help:"Of times that the system gives without one, and of blackouts, such as Europe/Berlin. Default: UTC."`
	Blackout []string `name:"blackout" sep:"none" placeholder:"WINDOW" help:"A time of the week at which syncs leave the system alone, such as \"Mon-Fri 07:00-09:30\". Repeat the flag."`
	Tags     []string `name:"tag" placeholder:"TAG" help:"Tags. Repeat the flag."`
	Metadata string   `placeholder:"JSON" help:"A JSON object of your own to keep with the connection."`
}

// Help ends the command's help with examples.
func (connectionCreateCmd) Help() string {
	return `On a terminal it asks for the fields of the login that you did not give, passwords without echo.

Examples:

  busbar connection create tryton --name "Plant Essen"
  busbar connection create tryton --credentials-file login.json --history all
  vault read -format=json … | busbar connection create tryton --credentials-file -`
}

type newConnection struct {
	System      string            `json:"system"`
	Name        string            `json:"name,omitempty"`
	AuthMethod  string            `json:"auth_method,omitempty"`
	Credentials map[string]string `json:"credentials"`
	Entities    []string          `json:"entities,omitempty"`
	History     string            `json:"history,omitempty"`
	Schedule    string            `json:"schedule,omitempty"`
	TimeZone    string            `json:"time_zone,omitempty"`
	Blackouts   []string          `json:"blackouts,omitempty"`
	Tags        []string          `json:"tags,omitempty"`
	Metadata    jsontext.Value    `json:"metadata,omitzero"`
}

type createdConnection struct {
	Connection connection  `json:"connection"`
	Token      issuedToken `json:"token"`
	Runs       []syncRun   `json:"runs"`
}

// Run connects, and prints the token, which is shown once.
func (cmd *connectionCreateCmd) Run(ctx context.Context, c *client, s *Streams) error {
	body, err := cmd.body(ctx, c, s)
	if err != nil {
		return err
	}
	made, raw, err := get[createdConnection](ctx, c, request{method: http.MethodPost, path: "/connections", body: body, who: aKey})
	if err != nil {
		return err
	}
	if err := c.show(s, raw, made.Connection.facts()); err != nil || c.Output == "json" {
		return err
	}
	fmt.Fprintf(s.Out, "token:         %s\n\nThe token is shown this once: keep it where your secrets are.\n", made.Token.Plain)
	fmt.Fprintf(s.Out, "%d syncs have begun. Watch them: busbar sync status -c %s\n", len(made.Runs), made.Connection.ID)
	return nil
}

func (cmd *connectionCreateCmd) body(ctx context.Context, c *client, s *Streams) (newConnection, error) {
	n := newConnection{System: cmd.System, Name: cmd.Name, AuthMethod: cmd.AuthMethod, Entities: cmd.Entities, History: cmd.History,
		Schedule: cmd.Schedule, TimeZone: cmd.TimeZone, Blackouts: cmd.Blackout, Tags: cmd.Tags}
	var err error
	if n.Metadata, err = metadataOf(cmd.Metadata); err != nil {
		return n, err
	}
	n.Credentials, err = cmd.read(ctx, c, s, cmd.System)
	return n, err
}

// metadataOf takes a JSON object as it was given; nil for none.
func metadataOf(text string) (jsontext.Value, error) {
	if text == "" {
		return nil, nil
	}
	v := jsontext.Value(text)
	if !v.IsValid() || v.Kind() != '{' {
		return nil, usage{errors.New("--metadata: write a JSON object, such as {\"customer\": \"4711\"}")}
	}
	return v, nil
}

type connectionReauthorizeCmd struct {
	oneConnection
	credentialFlags
	SameInstance bool `name:"same-instance" help:"The address or database is another one, but what answers there is the same instance with the same records: it has moved."`
}

// Help ends the command's help with an example.
func (connectionReauthorizeCmd) Help() string {
	return `The new login is checked live before it replaces the old one. It must lead to the same instance of the system: connect another
one with busbar connection create.

Example:

  busbar connection reauthorize 0190b5a4-7c1e-7d7a-9f5e-2f6f6d0e8a11 --credentials-file login.json`
}

// Run replaces the credentials.
func (cmd *connectionReauthorizeCmd) Run(ctx context.Context, c *client, s *Streams) error {
	path, err := cmd.path(c)
	if err != nil {
		return err
	}
	one, _, err := get[connection](ctx, c, request{method: http.MethodGet, path: path, who: aKey})
	if err != nil {
		return err
	}
	if cmd.AuthMethod == "" {
		cmd.AuthMethod = one.AuthMethod
	}
	values, err := cmd.read(ctx, c, s, one.System)
	if err != nil {
		return err
	}
	body := map[string]any{"auth_method": cmd.AuthMethod, "credentials": values}
	if cmd.SameInstance {
		body["same_instance"] = true
	}
	return cmd.do(ctx, c, s, http.MethodPost, "/reauthorize", body)
}
