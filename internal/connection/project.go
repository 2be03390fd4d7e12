package connection

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/busbar-dev/busbar/internal/audit"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// LinkSettings is what a project has set for its links, as it is stored under the member link of its settings.
type LinkSettings struct {
	Name         string   `json:"name,omitempty" maxLength:"200" doc:"Whose pages they are; empty: the project's name."`
	Logo         string   `json:"logo,omitempty" doc:"A PNG as an address, data:image/png;base64,…; 64 KiB at most."`
	Colour       string   `json:"colour,omitempty" doc:"#rrggbb." example:"#0b5fff"`
	Support      string   `json:"support,omitempty" doc:"A line that tells customers whom to ask."`
	Origins      []string `json:"origins,omitempty" maxItems:"50" doc:"Origins whose pages may show links in a frame." example:"[\"https://app.example.com\"]"`
	RedirectURIs []string `json:"redirect_uris,omitempty" maxItems:"50" doc:"Addresses to which customers may be sent back, each exactly as it is used." example:"[\"https://app.example.com/connected\"]"`
	Languages    []string `json:"languages,omitempty" enum:"en,de" doc:"Of the pages; empty: all."`
}

// ProjectChange holds what may be changed of a project; nil leaves a member.
type ProjectChange struct {
	Name *string
	Link *LinkSettings // replaces all
}

const maxLogo = 64 << 10

var (
	logoForm   = regexp.MustCompile(`^data:image/png;base64,[A-Za-z0-9+/]+={0,2}$`)
	colourForm = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)
)

// ChangeProject changes a project's name and settings. Errors: *problem.Error validation-failed with pointers, store.ErrNotFound.
func (s *Service) ChangeProject(ctx context.Context, id string, c ProjectChange) error {
	f := newFaults()
	var fields []string
	if c.Name != nil {
		*c.Name, fields = f.name(*c.Name), append(fields, "name")
	}
	if c.Link != nil {
		f.link(c.Link)
		fields = append(fields, "link")
	}
	if err := f.err(); err != nil {
		return err
	}
	err := s.Store.Write(ctx, func(tx *store.Tx) error {
		if err := tx.ChangeProject(ctx, id, func(p *store.Project) error { return c.apply(p) }); err != nil {
			return err
		}
		return audit.Note(ctx, tx, audit.Act{Action: "project.changed", Target: "project", TargetID: id, ProjectID: id, Fields: fields})
	})
	if err != nil {
		return fmt.Errorf("change project %s: %w", id, err)
	}
	return nil
}

// apply leaves members of the settings alone that it does not know.
func (c ProjectChange) apply(p *store.Project) error {
	if c.Name != nil {
		p.Name = *c.Name
	}
	if c.Link == nil {
		return nil
	}
	all := map[string]json.RawMessage{}
	if err := json.Unmarshal(p.Settings, &all); err != nil {
		return fmt.Errorf("read the settings: %w", err)
	}
	var err error
	if all["link"], err = json.Marshal(c.Link); err == nil {
		p.Settings, err = json.Marshal(all)
	}
	return err
}

// link checks settings of links.
func (f *faults) link(l *LinkSettings) {
	if l.Name != "" {
		l.Name = f.line(l.Name, maxName, "link", "name")
	}
	if l.Support != "" {
		l.Support = f.line(l.Support, maxName, "link", "support")
	}
	if l.Logo != "" && (len(l.Logo) > maxLogo || !logoForm.MatchString(l.Logo)) {
		f.at(problem.Invalid, "It must be a PNG as data:image/png;base64,… of 64 KiB at most.", "link", "logo")
	}
	if l.Colour != "" && !colourForm.MatchString(l.Colour) {
		f.at(problem.Invalid, "It must be written as #rrggbb.", "link", "colour")
	}
	for i, text := range l.RedirectURIs {
		if u, ok := exactly(text); !ok || u.Path == "" {
			f.at(problem.Invalid, "It must be an https address (http on loopback only) with a path, without wildcard, fragment or login.", "link", "redirect_uris", fmt.Sprint(i))
		}
	}
	for i, text := range l.Origins {
		if u, ok := exactly(text); !ok || u.Path != "" || u.RawQuery != "" || u.ForceQuery {
			f.at(problem.Invalid, "It must be an origin such as https://app.example.com, without a path.", "link", "origins", fmt.Sprint(i))
		}
	}
	for i, name := range l.Languages {
		if known := []string{"en", "de"}; !slices.Contains(known, name) {
			f.at(problem.Unknown, unknown("language", name, known), "link", "languages", fmt.Sprint(i))
		}
	}
}

// exactly takes an address that means one place only.
func exactly(text string) (*url.URL, bool) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Hostname() == "" || u.Opaque != "" || u.User != nil || strings.ContainsAny(text, "*#\\ \t\r\n;,'\"") {
		return nil, false
	}
	return u, u.String() == text && (u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname()))
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// NewProject makes a further project with its first key, which may do everything in it. Errors: *problem.Error validation-failed.
func (s *Service) NewProject(ctx context.Context, name string) (store.Project, IssuedKey, error) {
	f := newFaults()
	name = f.name(name)
	if err := f.err(); err != nil {
		return store.Project{}, IssuedKey{}, err
	}
	id, err := s.newID()
	if err != nil {
		return store.Project{}, IssuedKey{}, err
	}
	p := store.Project{ID: id, Name: name, Settings: json.RawMessage("{}"), CreatedAt: s.instant()}
	k, err := s.makeKey(p.ID, "made with the project", Scopes(), time.Time{})
	if err != nil {
		return p, k, err
	}
	err = s.Store.Write(ctx, func(tx *store.Tx) (err error) {
		if k.IssuedBy, err = Behind(ctx, tx); err != nil {
			return err
		}
		if err := tx.InsertProject(ctx, p); err != nil {
			return err
		}
		if err := tx.InsertKey(ctx, k.Key); err != nil {
			return err
		}
		return audit.Note(ctx, tx, audit.Act{Action: "project.created", Target: "project", TargetID: p.ID})
	})
	if err != nil {
		return p, k, fmt.Errorf("make a project: %w", err)
	}
	return p, k, nil
}
