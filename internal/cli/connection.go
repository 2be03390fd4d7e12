package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

type connectionGroup struct {
	clientFlags `embed:""`

	List        connectionListCmd        `cmd:"" help:"List connections, newest first."`
	Get         connectionGetCmd         `cmd:"" help:"Show one connection: its state, why, and since when."`
	Health      connectionHealthCmd      `cmd:"" help:"Is the connection well, and if not, why, since when, and what to do."`
	History     connectionHistoryCmd     `cmd:"" help:"List the states that a connection was in, newest first."`
	Create      connectionCreateCmd      `cmd:"" help:"Connect a system: the login is checked live, then the first sync begins."`
	Check       connectionCheckCmd       `cmd:"" help:"Try a login step by step, without storing anything."`
	Rename      connectionRenameCmd      `cmd:"" help:"Give a connection another name."`
	Blackouts   connectionBlackoutsCmd   `cmd:"" help:"Say when syncs leave the system alone."`
	Rules       connectionRulesCmd       `cmd:"" help:"Forbid writes that the system would take."`
	Pause       connectionPauseCmd       `cmd:"" help:"Stop syncing; stored records stay readable."`
	Resume      connectionResumeCmd      `cmd:"" help:"Go on syncing."`
	Reauthorize connectionReauthorizeCmd `cmd:"" help:"Put new credentials in place of the old; id and tokens stay."`
	Disconnect  connectionDisconnectCmd  `cmd:"" help:"End a connection: its tokens are dead at once, its data stay until deleted, and it can be reconnected until then."`
	Reconnect   connectionReconnectCmd   `cmd:"" help:"Connect a disconnected connection again; id, records and cursors stay."`
	DeleteData  connectionDeleteDataCmd  `cmd:"" name:"delete-data" help:"Delete everything that a disconnected connection stored."`
}

type connection struct {
	ID            string   `json:"id"`
	System        string   `json:"system"`
	Name          string   `json:"name"`
	Status        string   `json:"status"`
	StatusCode    string   `json:"status_code"`
	StatusDetail  string   `json:"status_detail"`
	StatusSince   *string  `json:"status_since"`
	AuthMethod    string   `json:"auth_method"`
	SystemVersion string   `json:"system_version"`
	LastSuccessAt *string  `json:"last_success_at"`
	CreatedAt     *string  `json:"created_at"`
	TimeZone      string   `json:"time_zone"`
	Blackouts     []string `json:"blackouts"`
}

func (c connection) facts() *table {
	return facts("id", c.ID, "name", c.Name, "system", c.System+" "+c.SystemVersion, "status", c.Status, "since", instant(c.StatusSince),
		"reason", c.StatusCode, "what to do", c.StatusDetail, "last success", instant(c.LastSuccessAt),
		"blackouts", strings.Join(c.Blackouts, "; "), "time zone", c.TimeZone, "created", instant(c.CreatedAt))
}

type connectionListCmd struct {
	System   string            `placeholder:"NAME" help:"Only connections to this system."`
	Status   string            `placeholder:"STATUS" help:"Only connections in this state, such as unreachable."`
	Tag      string            `placeholder:"TAG" help:"Only connections with this tag."`
	Search   string            `placeholder:"WORDS" help:"Only connections with these words in their name, system or id."`
	Metadata map[string]string `placeholder:"NAME=VALUE" help:"Only connections with this in their metadata; several times: with all of it."`
	Limit    int               `default:"100" help:"At most so many (1 to 500)."`
}

// Help ends the command's help with an example.
func (connectionListCmd) Help() string {
	return "Examples:\n\n  busbar connection list --status needs_reauthorization\n  busbar connection list --search rotterdam --metadata customer=4711"
}

// Run prints one page of connections.
func (cmd *connectionListCmd) Run(ctx context.Context, c *client, s *Streams) error {
	query := url.Values{"limit": {strconv.Itoa(cmd.Limit)}}
	set(query, "system", cmd.System)
	set(query, "status", cmd.Status)
	set(query, "tag", cmd.Tag)
	set(query, "q", cmd.Search)
	for name, value := range cmd.Metadata {
		query.Set("metadata["+name+"]", value)
	}
	page, raw, err := get[list[connection]](ctx, c, request{method: http.MethodGet, path: "/connections", query: query, who: aKey})
	if err != nil {
		return err
	}
	t := newTable("No connections. Make one: busbar connection create --help", "ID", "NAME", "SYSTEM", "STATUS", "LAST SUCCESS")
	for _, one := range page.Data {
		t.add(one.ID, one.Name, one.System, one.Status, instant(one.LastSuccessAt))
	}
	return c.show(s, raw, t)
}

// oneConnection is the argument of commands about one connection.
type oneConnection struct {
	ID string `arg:"" optional:"" help:"The connection. Default: --connection."`
}

// path gives the address of the connection.
func (o oneConnection) path(c *client) (string, error) {
	id := o.ID
	if id == "" {
		id = c.Connection
	}
	if id == "" {
		return "", usage{errors.New("which connection? Give its ID (`busbar connection list` shows them)")}
	}
	return "/connections/" + url.PathEscape(id), nil
}

// do makes one call about the connection and shows the connection that it answers.
func (o oneConnection) do(ctx context.Context, c *client, s *Streams, method, suffix string, body any) error {
	path, err := o.path(c)
	if err != nil {
		return err
	}
	one, raw, err := get[connection](ctx, c, request{method: method, path: path + suffix, body: body, who: aKey})
	if err != nil {
		return err
	}
	return c.show(s, raw, one.facts())
}

type connectionGetCmd struct{ oneConnection }

// Help ends the command's help with an example.
func (connectionGetCmd) Help() string {
	return "Example:\n\n  busbar connection get 0190b5a4-7c1e-7d7a-9f5e-2f6f6d0e8a11"
}

// Run shows the connection.
func (cmd *connectionGetCmd) Run(ctx context.Context, c *client, s *Streams) error {
	return cmd.do(ctx, c, s, http.MethodGet, "", nil)
}

type connectionRenameCmd struct {
	oneConnection
	Name string `required:"" placeholder:"NAME" help:"The new name."`
}

// Help ends the command's help with an example.
func (connectionRenameCmd) Help() string {
	return "Example:\n\n  busbar connection rename 0190b5a4-7c1e-7d7a-9f5e-2f6f6d0e8a11 --name \"Plant Essen\""
}

// Run stores the name.
func (cmd *connectionRenameCmd) Run(ctx context.Context, c *client, s *Streams) error {
	return cmd.do(ctx, c, s, http.MethodPatch, "", map[string]string{"name": cmd.Name})
}

type connectionPauseCmd struct{ oneConnection }

// Help ends the command's help with an example.
func (connectionPauseCmd) Help() string { return actExample("pause") }

// Run pauses the connection.
func (cmd *connectionPauseCmd) Run(ctx context.Context, c *client, s *Streams) error {
	return cmd.do(ctx, c, s, http.MethodPost, "/pause", nil)
}

type connectionResumeCmd struct{ oneConnection }

// Help ends the command's help with an example.
func (connectionResumeCmd) Help() string { return actExample("resume") }

// Run resumes the connection.
func (cmd *connectionResumeCmd) Run(ctx context.Context, c *client, s *Streams) error {
	return cmd.do(ctx, c, s, http.MethodPost, "/resume", nil)
}

type connectionDisconnectCmd struct {
	oneConnection
	sure
}

// Help ends the command's help with an example.
func (connectionDisconnectCmd) Help() string { return actExample("disconnect") }

// Run disconnects, after asking.
func (cmd *connectionDisconnectCmd) Run(ctx context.Context, c *client, s *Streams) error {
	if err := cmd.ask(s, "Disconnect? Its tokens stop working at once"); err != nil {
		return err
	}
	return cmd.do(ctx, c, s, http.MethodPost, "/disconnect", nil)
}

type connectionDeleteDataCmd struct {
	oneConnection
	sure
}

// Help ends the command's help with an example.
func (connectionDeleteDataCmd) Help() string { return actExample("delete-data") }

// Run deletes the data, after asking.
func (cmd *connectionDeleteDataCmd) Run(ctx context.Context, c *client, s *Streams) error {
	if err := cmd.ask(s, "Delete everything that this connection stored? Nothing brings it back"); err != nil {
		return err
	}
	if err := cmd.do(ctx, c, s, http.MethodPost, "/delete-data", nil); err != nil {
		return err
	}
	fmt.Fprintln(s.Err, "The deletion has begun. When it is done, the connection is no longer there; GET /v1/connections/{id}/deletion gives the report.")
	return nil
}

func actExample(act string) string {
	return fmt.Sprintf("Example:\n\n  busbar connection %s 0190b5a4-7c1e-7d7a-9f5e-2f6f6d0e8a11", act)
}

func set(query url.Values, name, value string) {
	if value != "" {
		query.Set(name, value)
	}
}
