package cli

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
)

// linkSettings are what a project has set for its links.
type linkSettings struct {
	Name         string   `json:"name,omitempty"`
	Logo         string   `json:"logo,omitempty"`
	Colour       string   `json:"colour,omitempty"`
	Support      string   `json:"support,omitempty"`
	Origins      []string `json:"origins,omitempty"`
	RedirectURIs []string `json:"redirect_uris,omitempty"`
	Languages    []string `json:"languages,omitempty"`
}

type linkProject struct {
	Link linkSettings `json:"link"`
}

func (l linkSettings) facts() *table {
	logo := ""
	if l.Logo != "" {
		logo = fmt.Sprintf("a picture of %d bytes", base64.StdEncoding.DecodedLen(len(l.Logo)-strings.Index(l.Logo, ",")-1))
	}
	return facts("name", l.Name, "logo", logo, "colour", l.Colour, "support", l.Support, "leads back to", strings.Join(l.RedirectURIs, " "), "framed by", strings.Join(l.Origins, " "),
		"languages", strings.Join(l.Languages, " "))
}

type linkSettingsCmd struct {
	Name      *string  `placeholder:"NAME" help:"Whose pages they are."`
	Logo      *string  `name:"logo-file" placeholder:"FILE" help:"A PNG of 48 KiB at most."`
	Colour    *string  `placeholder:"#RRGGBB" help:"Of buttons and links."`
	Support   *string  `placeholder:"TEXT" help:"A line that tells customers whom to ask when something fails."`
	Redirects []string `name:"redirect-uri" sep:"none" placeholder:"URL" help:"Where customers may be sent back to, exactly as it is used. Repeat the flag; it replaces all that there are."`
	Origins   []string `name:"origin" sep:"none" placeholder:"ORIGIN" help:"Whose pages may show links in a frame. Repeat the flag; it replaces all that there are."`
	Languages []string `name:"page-language" sep:"none" placeholder:"LANGUAGE" help:"Of the pages: en, de. Repeat the flag; it replaces all that there are."`
}

// Help ends the command's help with examples.
func (linkSettingsCmd) Help() string {
	return `Without a flag it shows them. An empty value takes a setting away.

Examples:

  busbar link settings
  busbar link settings --name "Acme Planning" --colour "#0b5fff" --redirect-uri https://app.example.com/connected
  busbar link settings --support "" --origin ""`
}

// Run shows the settings, changed by the flags that are given.
func (cmd *linkSettingsCmd) Run(ctx context.Context, c *client, s *Streams) error {
	p, raw, err := get[linkProject](ctx, c, request{method: http.MethodGet, path: "/project", who: aKey})
	if err != nil {
		return err
	}
	changed, err := cmd.change(&p.Link)
	if err != nil {
		return err
	}
	if changed {
		if p, raw, err = get[linkProject](ctx, c, request{method: http.MethodPatch, path: "/project", body: linkProject{p.Link}, who: aKey}); err != nil {
			return err
		}
	}
	return c.show(s, raw, p.Link.facts())
}

func (cmd *linkSettingsCmd) change(l *linkSettings) (changed bool, err error) {
	for _, one := range []struct{ to, from *string }{{&l.Name, cmd.Name}, {&l.Colour, cmd.Colour}, {&l.Support, cmd.Support}, {&l.Logo, cmd.Logo}} {
		if one.from != nil {
			*one.to, changed = *one.from, true
		}
	}
	for _, many := range []struct {
		to   *[]string
		from []string
	}{{&l.RedirectURIs, cmd.Redirects}, {&l.Origins, cmd.Origins}, {&l.Languages, cmd.Languages}} {
		if len(many.from) > 0 {
			*many.to, changed = slices.DeleteFunc(many.from, func(text string) bool { return text == "" }), true
		}
	}
	if cmd.Logo == nil || *cmd.Logo == "" {
		return changed, nil
	}
	picture, err := os.ReadFile(*cmd.Logo)
	if err != nil {
		return changed, usage{fmt.Errorf("read the logo: %w", err)}
	}
	l.Logo = "data:image/png;base64," + base64.StdEncoding.EncodeToString(picture)
	return changed, nil
}

type linkAppGroup struct {
	List   linkAppListCmd   `cmd:"" help:"Show your registrations with a system's login server, without secrets."`
	Set    linkAppSetCmd    `cmd:"" help:"Give a registration: what customers need not fill in."`
	Remove linkAppRemoveCmd `cmd:"" help:"Remove a registration."`
}

type linkApp struct {
	System     string            `json:"system"`
	AuthMethod string            `json:"auth_method"`
	Fields     []string          `json:"fields"`
	Public     map[string]string `json:"public"`
	UpdatedAt  *string           `json:"updated_at"`
}

// appOf names a registration.
type appOf struct {
	System     string `arg:"" help:"The system (busbar system list shows them)."`
	AuthMethod string `name:"auth-method" placeholder:"METHOD" help:"One of the system's ways to log in. Default: its first in a browser."`
}

func (a appOf) path() string { return "/project/apps/" + url.PathEscape(a.System) }

func (a appOf) query() url.Values {
	query := url.Values{}
	set(query, "auth_method", a.AuthMethod)
	return query
}

type linkAppListCmd struct{ appOf }

// Help ends the command's help with an example.
func (linkAppListCmd) Help() string { return "Example:\n\n  busbar link app list dynamics-365" }

// Run prints the registrations.
func (cmd *linkAppListCmd) Run(ctx context.Context, c *client, s *Streams) error {
	page, raw, err := get[list[linkApp]](ctx, c, request{method: http.MethodGet, path: cmd.path(), query: cmd.query(), who: aKey})
	if err != nil {
		return err
	}
	t := newTable("No registration. Give one: busbar link app set --help", "SYSTEM", "METHOD", "FILLS IN", "CHANGED")
	for _, a := range page.Data {
		t.add(a.System, a.AuthMethod, strings.Join(a.Fields, " "), instant(a.UpdatedAt))
	}
	return c.show(s, raw, t)
}

type linkAppSetCmd struct {
	appOf
	Fields string `name:"fields-file" required:"" placeholder:"FILE" help:"JSON object of the fields that the registration fills in; - reads standard input."`
}

// Help ends the command's help with examples.
func (linkAppSetCmd) Help() string {
	return `Secrets come from a file or from standard input, and are never shown again.

Examples:

  busbar link app set dynamics-365 --fields-file app.json
  vault read -format=json … | busbar link app set dynamics-365 --fields-file -`
}

type newLinkApp struct {
	AuthMethod string            `json:"auth_method,omitempty"`
	Fields     map[string]string `json:"fields"`
}

// Run stores the registration.
func (cmd *linkAppSetCmd) Run(ctx context.Context, c *client, s *Streams) error {
	file := loginFlags{CredentialsFile: cmd.Fields}
	fields, err := file.fromFile(s.In)
	if err != nil {
		return err
	}
	if len(fields) == 0 {
		return usage{errors.New("the file holds no fields: write a JSON object such as {\"client_id\": \"busbar\", \"client_secret\": \"…\"}")}
	}
	a, raw, err := get[linkApp](ctx, c, request{method: http.MethodPut, path: cmd.path(), body: newLinkApp{cmd.AuthMethod, fields}, who: aKey})
	if err != nil {
		return err
	}
	return c.show(s, raw, facts("system", a.System, "method", a.AuthMethod, "fills in", strings.Join(a.Fields, " ")))
}

type linkAppRemoveCmd struct{ appOf }

// Help ends the command's help with an example.
func (linkAppRemoveCmd) Help() string {
	return "Connections that were made with it keep what they have.\n\nExample:\n\n  busbar link app remove dynamics-365"
}

// Run removes the registration.
func (cmd *linkAppRemoveCmd) Run(ctx context.Context, c *client, s *Streams) error {
	if _, err := c.call(ctx, request{method: http.MethodDelete, path: cmd.path(), query: cmd.query(), who: aKey}); err != nil || c.Output == "json" {
		return err
	}
	_, err := fmt.Fprintf(s.Out, "The registration with %s is removed.\n", clean(cmd.System))
	return err
}
