package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

type memberGroup struct {
	clientFlags `embed:""`

	List         memberListCmd     `cmd:"" help:"List the members of the project."`
	Invite       memberInviteCmd   `cmd:"" help:"Make a link by which somebody joins; it is shown once."`
	Role         memberRoleCmd     `cmd:"" help:"Change a member's role."`
	Disable      memberDisableCmd  `cmd:"" help:"Keep a member out at once, or let it in again."`
	Remove       memberRemoveCmd   `cmd:"" help:"Remove a member at once."`
	PasswordLink memberPasswordCmd `cmd:"" name:"password-link" help:"Make a link by which a member chooses a new password; it is shown once."`
	Untie        memberUntieCmd    `cmd:"" help:"Let a member log in at the login server no more."`
	Sessions     memberSessionsCmd `cmd:"" help:"List where a member is logged in."`
}

type memberView struct {
	ID          string  `json:"id"`
	Email       string  `json:"email"`
	Name        string  `json:"name"`
	Role        string  `json:"role"`
	Disabled    bool    `json:"disabled"`
	LoginServer bool    `json:"login_server"`
	LastLoginAt *string `json:"last_login_at"`
}

// madeLink is a link that exists only in this answer.
type madeLink struct {
	Email     string  `json:"email"`
	Role      string  `json:"role"`
	Path      string  `json:"path"`
	ExpiresAt *string `json:"expires_at"`
}

type memberListCmd struct{}

// Help ends the command's help with an example.
func (memberListCmd) Help() string { return "Example:\n\n  busbar member list" }

// Run prints the members.
func (memberListCmd) Run(ctx context.Context, c *client, s *Streams) error {
	page, raw, err := get[list[memberView]](ctx, c, request{method: http.MethodGet, path: "/members", query: url.Values{"limit": {"500"}}, who: aKey})
	if err != nil {
		return err
	}
	t := newTable("No members.", "ID", "E-MAIL", "NAME", "ROLE", "DISABLED", "LOGIN SERVER", "LAST LOGIN")
	for _, m := range page.Data {
		t.add(m.ID, m.Email, m.Name, m.Role, map[bool]string{true: "yes"}[m.Disabled], map[bool]string{true: "yes"}[m.LoginServer], instant(m.LastLoginAt))
	}
	return c.show(s, raw, t)
}

type memberInviteCmd struct {
	Email string `arg:"" help:"Whom the link is for."`
	Role  string `default:"viewer" placeholder:"ROLE" help:"owner, admin, operator or viewer."`
}

// Help ends the command's help with an example.
func (memberInviteCmd) Help() string {
	return "Busbar sends no mail: give the link to them yourself. It works once, for seven days.\n\nExample:\n\n  busbar member invite ada@example.com --role operator"
}

// Run makes the invitation and prints its link.
func (cmd *memberInviteCmd) Run(ctx context.Context, c *client, s *Streams) error {
	body := map[string]any{"email": cmd.Email, "role": cmd.Role}
	made, raw, err := get[madeLink](ctx, c, request{method: http.MethodPost, path: "/invitations", body: body, who: aKey})
	if err != nil {
		return err
	}
	return c.show(s, raw, facts("e-mail", made.Email, "role", made.Role, "link", c.address(made.Path), "until", instant(made.ExpiresAt), "note", "shown this once: give it to them yourself"))
}

// address makes a whole address of a path of this Busbar.
func (c *client) address(path string) string { return strings.TrimSuffix(c.URL, "/") + path }

type memberRoleCmd struct {
	Member string `arg:"" help:"The member's e-mail address or id."`
	Role   string `arg:"" help:"owner, admin, operator or viewer."`
}

// Help ends the command's help with an example.
func (memberRoleCmd) Help() string { return "Example:\n\n  busbar member role ada@example.com admin" }

// Run changes the role.
func (cmd *memberRoleCmd) Run(ctx context.Context, c *client, s *Streams) error {
	return changeMember(ctx, c, s, cmd.Member, map[string]any{"role": cmd.Role})
}

type memberDisableCmd struct {
	Member string `arg:"" help:"The member's e-mail address or id."`
	Undo   bool   `help:"Let the member in again."`
}

// Help ends the command's help with an example.
func (memberDisableCmd) Help() string {
	return "All sessions of the member end.\n\nExample:\n\n  busbar member disable ada@example.com"
}

// Run disables or enables the member.
func (cmd *memberDisableCmd) Run(ctx context.Context, c *client, s *Streams) error {
	return changeMember(ctx, c, s, cmd.Member, map[string]any{"disabled": !cmd.Undo})
}

func changeMember(ctx context.Context, c *client, s *Streams, who string, body any) error {
	id, err := memberID(ctx, c, who)
	if err != nil {
		return err
	}
	m, raw, err := get[changedMember](ctx, c, request{method: http.MethodPatch, path: "/members/" + url.PathEscape(id), body: body, who: aKey})
	if err != nil {
		return err
	}
	if err := c.show(s, raw, facts("id", m.ID, "e-mail", m.Email, "role", m.Role, "disabled", fmt.Sprint(m.Disabled))); err != nil || c.Output == "json" {
		return err
	}
	return m.Left.tell(s)
}

type changedMember struct {
	memberView
	Left leftBehind `json:"left"`
}

// leftBehind is what becomes of what a member gave out that may not do so any more.
type leftBehind struct {
	Withdrawn int     `json:"withdrawn"`
	Keys      []token `json:"keys"`
}

// tell says so, and how to end the keys that go on.
func (l leftBehind) tell(s *Streams) error {
	if l.Withdrawn > 0 {
		fmt.Fprintf(s.Out, "\nLinks given out by the member that work no more: %d.\n", l.Withdrawn)
	}
	if len(l.Keys) == 0 {
		return nil
	}
	fmt.Fprint(s.Out, "\nKeys issued by the member are still valid. End those that only the member has:\n\n")
	t := newTable("", "", "LABEL", "ENDS IN", "SCOPES", "LAST USED")
	for _, k := range l.Keys {
		t.add("busbar key revoke "+k.ID, k.Label, "…"+k.Last4, strings.Join(k.Scopes, ","), instant(k.LastUsedAt))
	}
	return t.print(s.Out)
}

// memberID finds the member with an e-mail address; an id is taken as it is.
func memberID(ctx context.Context, c *client, who string) (string, error) {
	if !strings.Contains(who, "@") {
		return who, nil
	}
	query := url.Values{"limit": {"500"}}
	for {
		page, _, err := get[membersPage](ctx, c, request{method: http.MethodGet, path: "/members", query: query, who: aKey})
		if err != nil {
			return "", err
		}
		for _, m := range page.Data {
			if strings.EqualFold(m.Email, who) {
				return m.ID, nil
			}
		}
		if page.NextCursor == "" {
			return "", usage{errors.New("no member has this e-mail address; see busbar member list")}
		}
		query.Set("cursor", page.NextCursor)
	}
}

type membersPage struct {
	Data       []memberView `json:"data"`
	NextCursor string       `json:"next_cursor"`
}

type memberRemoveCmd struct {
	Member string `arg:"" help:"The member's e-mail address or id."`
}

// Help ends the command's help with an example.
func (memberRemoveCmd) Help() string {
	return "All sessions of the member end, and links that it gave out work no more. Project keys that it issued go on: the answer names them, and how to end them.\n\nExample:\n\n  busbar member remove ada@example.com"
}

// Run removes the member.
func (cmd *memberRemoveCmd) Run(ctx context.Context, c *client, s *Streams) error {
	id, err := memberID(ctx, c, cmd.Member)
	if err != nil {
		return err
	}
	gone, raw, err := get[changedMember](ctx, c, request{method: http.MethodDelete, path: "/members/" + url.PathEscape(id), who: aKey})
	if err != nil {
		return err
	}
	if c.Output == "json" {
		return printJSON(s.Out, raw)
	}
	fmt.Fprintf(s.Out, "Member %s is removed.\n", clean(cmd.Member))
	return gone.Left.tell(s)
}

type memberPasswordCmd struct {
	Member string `arg:"" help:"The member's e-mail address or id."`
}

// Help ends the command's help with an example.
func (memberPasswordCmd) Help() string {
	return "Also the way out for an owner who is locked out, with a project key that may do everything.\n\nExample:\n\n  busbar member password-link ada@example.com"
}

// Run makes the link and prints it.
func (cmd *memberPasswordCmd) Run(ctx context.Context, c *client, s *Streams) error {
	id, err := memberID(ctx, c, cmd.Member)
	if err != nil {
		return err
	}
	made, raw, err := get[madeLink](ctx, c, request{method: http.MethodPost, path: "/members/" + url.PathEscape(id) + "/password-link", who: aKey})
	if err != nil {
		return err
	}
	return c.show(s, raw, facts("link", c.address(made.Path), "until", instant(made.ExpiresAt), "note", "shown this once: give it to the member yourself"))
}

type memberSessionsCmd struct {
	Member string `arg:"" help:"The member's e-mail address or id."`
}

// Help ends the command's help with an example.
func (memberSessionsCmd) Help() string {
	return "Example:\n\n  busbar member sessions ada@example.com"
}

// Run prints the sessions.
func (cmd *memberSessionsCmd) Run(ctx context.Context, c *client, s *Streams) error {
	id, err := memberID(ctx, c, cmd.Member)
	if err != nil {
		return err
	}
	page, raw, err := get[list[memberSession]](ctx, c, request{method: http.MethodGet, path: "/sessions", query: url.Values{"member": {id}}, who: aKey})
	if err != nil {
		return err
	}
	t := newTable("Not logged in anywhere.", "ID", "ADDRESS", "BROWSER", "LAST USED", "ENDS")
	for _, one := range page.Data {
		t.add(one.ID, one.Address, one.Agent, instant(one.SeenAt), instant(one.ExpiresAt))
	}
	return c.show(s, raw, t)
}

type memberSession struct {
	ID        string  `json:"id"`
	Address   string  `json:"address"`
	Agent     string  `json:"agent"`
	SeenAt    *string `json:"seen_at"`
	ExpiresAt *string `json:"expires_at"`
}
