package cli

import (
	"context"
	"errors"
	"net/http"
)

type connectionBlackoutsCmd struct {
	oneConnection
	Windows []string `name:"window" sep:"none" placeholder:"WINDOW" help:"A time of the week, such as \"Mon-Fri 07:00-09:30\", in the connection's time zone. Repeat the flag; together they replace what was set."`
	None    bool     `help:"No blackouts: syncs that wait go on at once."`
}

// Help ends the command's help with examples.
func (connectionBlackoutsCmd) Help() string {
	return `In a window no sync calls the system. A sync that is under way stops at the end of its page and goes on afterwards; one that falls due or
is asked for waits until the end. Without a flag the connection is shown, with its blackouts and their time zone.

Examples:

  busbar connection blackouts 0190b5a4-7c1e-7d7a-9f5e-2f6f6d0e8a11 --window "Mon-Fri 07:00-09:30" --window "daily 22:00-02:00"
  busbar connection blackouts 0190b5a4-7c1e-7d7a-9f5e-2f6f6d0e8a11 --none`
}

// Run replaces the windows, or shows them when none are given.
func (cmd *connectionBlackoutsCmd) Run(ctx context.Context, c *client, s *Streams) error {
	switch {
	case cmd.None && len(cmd.Windows) > 0:
		return usage{errors.New("--none or --window, not both")}
	case !cmd.None && len(cmd.Windows) == 0:
		return cmd.do(ctx, c, s, http.MethodGet, "", nil)
	}
	windows := append([]string{}, cmd.Windows...)
	return cmd.do(ctx, c, s, http.MethodPatch, "", map[string][]string{"blackouts": windows})
}
