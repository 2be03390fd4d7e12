package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
)

type connectionCheckCmd struct {
	System string `arg:"" help:"The system (busbar system list shows them)."`
	credentialFlags
	Entities []string `placeholder:"ENTITY" help:"Whether these may be read. Default: everything that the connector knows."`
}

// Help ends the command's help with an example.
func (connectionCheckCmd) Help() string {
	return `Nothing is stored. It ends with exit code 1 when the login does not work; one that may not read everything works.

Example:

  busbar connection check tryton --credentials-file login.json`
}

type checkedLogin struct {
	OK       bool           `json:"ok"`
	Findings []checkFinding `json:"findings"`
}

type checkFinding struct {
	Step   string `json:"step"`
	Entity string `json:"entity"`
	OK     bool   `json:"ok"`
	Says   string `json:"says"`
	Do     string `json:"do"`
}

// Run tries the login and prints what each step found.
func (cmd *connectionCheckCmd) Run(ctx context.Context, c *client, s *Streams) error {
	values, err := cmd.read(ctx, c, s, cmd.System)
	if err != nil {
		return err
	}
	body := map[string]any{"system": cmd.System, "credentials": values}
	if cmd.AuthMethod != "" {
		body["auth_method"] = cmd.AuthMethod
	}
	if len(cmd.Entities) > 0 {
		body["entities"] = cmd.Entities
	}
	got, raw, err := get[checkedLogin](ctx, c, request{method: http.MethodPost, path: "/connections/check", body: body, who: aKey})
	if err != nil {
		return err
	}
	if c.Output == "json" {
		err = printJSON(s.Out, raw)
	} else {
		got.print(s.Out)
	}
	if err == nil && !got.OK {
		return exit(ExitFailed)
	}
	return err
}

func (l checkedLogin) print(w io.Writer) {
	for _, f := range l.Findings {
		mark, what := "✗", f.Step
		if f.OK {
			mark = "✓"
		}
		if f.Entity != "" {
			what = f.Entity
		}
		fmt.Fprintf(w, "%s %s: %s\n", mark, clean(what), clean(f.Says))
		if f.Do != "" {
			fmt.Fprintf(w, "  %s\n", clean(f.Do))
		}
	}
}

type connectionReconnectCmd struct {
	oneConnection
	credentialFlags
	SameInstance bool   `name:"same-instance" help:"The address or database is another one, but what answers there is the same instance with the same records: it has moved."`
	TokenLabel   string `name:"token-label" placeholder:"LABEL" help:"What the new token is for."`
}

// Help ends the command's help with an example.
func (connectionReconnectCmd) Help() string {
	return `A disconnected connection whose data are there comes back: id, records and cursors stay, its old tokens stay dead, and it gets a
new one. The login is checked live and must lead to the same instance of the system.

Example:

  busbar connection reconnect 0190b5a4-7c1e-7d7a-9f5e-2f6f6d0e8a11 --credentials-file login.json`
}

type reconnectedConnection struct {
	Connection connection  `json:"connection"`
	Token      issuedToken `json:"token"`
}

// Run takes the connection back, and prints the token, which is shown once.
func (cmd *connectionReconnectCmd) Run(ctx context.Context, c *client, s *Streams) error {
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
	body := map[string]any{"auth_method": cmd.AuthMethod}
	if body["credentials"], err = cmd.read(ctx, c, s, one.System); err != nil {
		return err
	}
	if cmd.SameInstance {
		body["same_instance"] = true
	}
	if cmd.TokenLabel != "" {
		body["token_label"] = cmd.TokenLabel
	}
	back, raw, err := get[reconnectedConnection](ctx, c, request{method: http.MethodPost, path: path + "/reconnect", body: body, who: aKey})
	if err != nil {
		return err
	}
	t := back.Connection.facts()
	t.add("token:", back.Token.Plain)
	t.add("note:", "shown this once: keep it where your secrets are")
	return c.show(s, raw, t)
}
