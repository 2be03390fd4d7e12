package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

type keyGroup struct {
	clientFlags `embed:""`

	List   keyListCmd   `cmd:"" help:"List the keys of the project."`
	Issue  keyIssueCmd  `cmd:"" help:"Make a project key; it is shown once."`
	Revoke keyRevokeCmd `cmd:"" help:"End a project key at once."`
}

type issuedKey struct {
	token
	Plain string `json:"key"` // exists only in this answer
}

type keyListCmd struct{}

// Help ends the command's help with an example.
func (keyListCmd) Help() string { return "Example:\n\n  busbar key list" }

// Run prints the keys, never their plaintext.
func (keyListCmd) Run(ctx context.Context, c *client, s *Streams) error {
	page, raw, err := get[list[token]](ctx, c, request{method: http.MethodGet, path: "/keys", who: aKey})
	if err != nil {
		return err
	}
	t := newTable("No keys.", "ID", "LABEL", "ENDS IN", "SCOPES", "EXPIRES", "REVOKED", "LAST USED")
	for _, one := range page.Data {
		t.add(one.ID, one.Label, "…"+one.Last4, strings.Join(one.Scopes, ","), instant(one.ExpiresAt), instant(one.RevokedAt), instant(one.LastUsedAt))
	}
	return c.show(s, raw, t)
}

type keyIssueCmd struct {
	Label   string   `required:"" placeholder:"LABEL" help:"What the key is for."`
	Scopes  []string `name:"scope" placeholder:"SCOPE" help:"read, sync, write, run, flows, connect, admin or own. Repeat the flag. Default: all but admin and own."`
	Expires *life    `placeholder:"90d" help:"Ends by itself after that time. Default: never."`
}

// Help ends the command's help with an example.
func (keyIssueCmd) Help() string {
	return "Example:\n\n  busbar key issue --label reporting --scope read --expires 90d"
}

// Run makes the key and prints it.
func (cmd *keyIssueCmd) Run(ctx context.Context, c *client, s *Streams, now clock) error {
	body := map[string]any{"label": cmd.Label}
	if len(cmd.Scopes) > 0 {
		body["scopes"] = cmd.Scopes
	}
	if cmd.Expires != nil {
		if *cmd.Expires <= 0 {
			return usage{errors.New("--expires lies in the future: write a time such as 720h, or leave it out for a key that does not expire")}
		}
		body["expires_at"] = now().Add(time.Duration(*cmd.Expires)).UTC().Format(time.RFC3339)
	}
	made, raw, err := get[issuedKey](ctx, c, request{method: http.MethodPost, path: "/keys", body: body, who: aKey})
	if err != nil {
		return err
	}
	return c.show(s, raw, facts("id", made.ID, "label", made.Label, "scopes", strings.Join(made.Scopes, ","), "expires", instant(made.ExpiresAt),
		"key", made.Plain, "note", "shown this once: keep it where your secrets are"))
}

type keyRevokeCmd struct {
	ID string `arg:"" help:"The key's id."`
}

// Help ends the command's help with an example.
func (keyRevokeCmd) Help() string {
	return "Example:\n\n  busbar key revoke 0190b5a4-8d20-7e57-8a3c-0d6c3b1f9c42"
}

// Run revokes the key.
func (cmd *keyRevokeCmd) Run(ctx context.Context, c *client, s *Streams) error {
	raw, err := c.call(ctx, request{method: http.MethodDelete, path: "/keys/" + url.PathEscape(cmd.ID), who: aKey})
	if err != nil {
		return err
	}
	if c.Output == "json" {
		return printJSON(s.Out, raw)
	}
	_, err = fmt.Fprintf(s.Out, "Key %s is revoked.\n", clean(cmd.ID))
	return err
}
