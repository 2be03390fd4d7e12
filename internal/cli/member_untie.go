package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
)

type memberUntieCmd struct {
	Member string `arg:"" help:"The member's e-mail address or id."`
}

// Help ends the command's help with an example.
func (memberUntieCmd) Help() string {
	return "All sessions of the member end. One without a password needs one then: busbar member password-link.\n\nExample:\n\n  busbar member untie ada@example.com"
}

// Run ends that the member logs in at the login server.
func (cmd *memberUntieCmd) Run(ctx context.Context, c *client, s *Streams) error {
	id, err := memberID(ctx, c, cmd.Member)
	if err != nil {
		return err
	}
	raw, err := c.call(ctx, request{method: http.MethodDelete, path: "/members/" + url.PathEscape(id) + "/login-server", who: aKey})
	if err != nil {
		return err
	}
	if c.Output == "json" {
		return printJSON(s.Out, raw)
	}
	_, err = fmt.Fprintf(s.Out, "Member %s logs in at the login server no more.\n", clean(cmd.Member))
	return err
}
