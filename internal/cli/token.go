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

type tokenGroup struct {
	clientFlags `embed:""`

	List   tokenListCmd   `cmd:"" help:"List the tokens of a connection."`
	Issue  tokenIssueCmd  `cmd:"" help:"Make a token; it is shown once."`
	Revoke tokenRevokeCmd `cmd:"" help:"End a token at once."`
}

type token struct {
	ID         string   `json:"id"`
	Label      string   `json:"label"`
	Last4      string   `json:"last4"`
	Scopes     []string `json:"scopes"`
	CreatedAt  *string  `json:"created_at"`
	ExpiresAt  *string  `json:"expires_at"`
	RevokedAt  *string  `json:"revoked_at"`
	LastUsedAt *string  `json:"last_used_at"`
}

type issuedToken struct {
	token
	Plain string `json:"token"` // exists only in this answer
}

type tokenListCmd struct{}

// Help ends the command's help with an example.
func (tokenListCmd) Help() string {
	return "Example:\n\n  busbar token list -c 0190b5a4-7c1e-7d7a-9f5e-2f6f6d0e8a11"
}

// Run prints the tokens, never their plaintext.
func (tokenListCmd) Run(ctx context.Context, c *client, s *Streams) error {
	path, err := tokensPath(c)
	if err != nil {
		return err
	}
	page, raw, err := get[list[token]](ctx, c, request{method: http.MethodGet, path: path, who: aKey})
	if err != nil {
		return err
	}
	t := newTable("No tokens.", "ID", "LABEL", "ENDS IN", "SCOPES", "EXPIRES", "REVOKED", "LAST USED")
	for _, one := range page.Data {
		t.add(one.ID, one.Label, "…"+one.Last4, strings.Join(one.Scopes, ","), instant(one.ExpiresAt), instant(one.RevokedAt), instant(one.LastUsedAt))
	}
	return c.show(s, raw, t)
}

type tokenIssueCmd struct {
	Label   string   `required:"" placeholder:"LABEL" help:"What the token is for."`
	Scopes  []string `name:"scope" placeholder:"SCOPE" help:"read, sync or write. Repeat the flag. Default: all three."`
	Expires *life    `placeholder:"90d" help:"Ends by itself after that time. Default: never."`
}

// Help ends the command's help with an example.
func (tokenIssueCmd) Help() string {
	return "Example:\n\n  busbar token issue -c 0190b5a4-7c1e-7d7a-9f5e-2f6f6d0e8a11 --label reporting --scope read --expires 90d"
}

// Run makes the token and prints it.
func (cmd *tokenIssueCmd) Run(ctx context.Context, c *client, s *Streams, now clock) error {
	path, err := tokensPath(c)
	if err != nil {
		return err
	}
	body := map[string]any{"label": cmd.Label}
	if len(cmd.Scopes) > 0 {
		body["scopes"] = cmd.Scopes
	}
	if cmd.Expires != nil {
		if *cmd.Expires <= 0 {
			return usage{errors.New("--expires lies in the future: write a time such as 720h, or leave it out for a token that does not expire")}
		}
		body["expires_at"] = now().Add(time.Duration(*cmd.Expires)).UTC().Format(time.RFC3339)
	}
	made, raw, err := get[issuedToken](ctx, c, request{method: http.MethodPost, path: path, body: body, who: aKey})
	if err != nil {
		return err
	}
	return c.show(s, raw, facts("id", made.ID, "label", made.Label, "scopes", strings.Join(made.Scopes, ","), "expires", instant(made.ExpiresAt),
		"token", made.Plain, "note", "shown this once: keep it where your secrets are"))
}

type tokenRevokeCmd struct {
	ID string `arg:"" help:"The token's id."`
}

// Help ends the command's help with an example.
func (tokenRevokeCmd) Help() string {
	return "Example:\n\n  busbar token revoke -c 0190b5a4-7c1e-7d7a-9f5e-2f6f6d0e8a11 0190b5a4-8d20-7e57-8a3c-0d6c3b1f9c42"
}

// Run revokes the token.
func (cmd *tokenRevokeCmd) Run(ctx context.Context, c *client, s *Streams) error {
	path, err := tokensPath(c)
	if err != nil {
		return err
	}
	raw, err := c.call(ctx, request{method: http.MethodDelete, path: path + "/" + url.PathEscape(cmd.ID), who: aKey})
	if err != nil {
		return err
	}
	if c.Output == "json" {
		return printJSON(s.Out, raw)
	}
	_, err = fmt.Fprintf(s.Out, "Token %s is revoked.\n", clean(cmd.ID))
	return err
}

func tokensPath(c *client) (string, error) {
	path, err := oneConnection{}.path(c)
	return path + "/tokens", err
}
