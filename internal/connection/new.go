package connection

import (
	"cmp"
	"encoding/json"
	"fmt"
	"log/slog"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/problem"
)

const (
	defaultHistory  = "P90D"
	defaultSchedule = "1h"
	defaultLabel    = "default"
)

// New is what a connection is made from. It prints without its credentials.
type New struct {
	System      string
	Name        string // default: the system's name
	AuthMethod  string // default: the manifest's first
	Credentials map[string]string
	Metadata    json.RawMessage
	Tags        []string
	TimeZone    string           // IANA; default: the manifest's
	Blackouts   []string         // windows at which background work waits: "Mon-Fri 07:00-09:30"
	History     string           // "P90D" (default), or store.AllHistory
	Schedule    string           // default "1h"; store.ManualSchedule: none
	Entities    []string         // default: all that the manifest maps
	WriteRules  manifest.RuleSet // its own for writes; fields named as in the model or as the API shows them
	TokenLabel  string           // default "default"
	TokenScopes []string         // of the first token; default: TokenScopes
}

// Format implements fmt.Formatter.
func (n New) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "new %s connection %q", n.System, n.Name)
}

// LogValue implements slog.LogValuer.
func (n New) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(n)) }

// MarshalJSON writes what Format writes.
func (n New) MarshalJSON() ([]byte, error) { return json.Marshal(fmt.Sprint(n)) }

// plan is a New that was checked, with its defaults.
type plan struct {
	New
	system   *manifest.System
	method   *manifest.AuthMethod
	entities []*manifest.Entity // in their order of sync
}

// check finds everything wrong with n and fills in defaults.
func (s *Service) check(n New) (*plan, error) {
	f := newFaults()
	p := &plan{New: n, system: s.Systems.System(n.System)}
	p.Metadata, p.Tags, p.Blackouts = f.metadata(n.Metadata), f.tags(n.Tags), f.blackouts(n.Blackouts)
	p.TokenLabel = f.line(cmp.Or(n.TokenLabel, defaultLabel), maxName, "token_label")
	p.TokenScopes = f.scopes(n.TokenScopes, TokenScopes(), TokenScopes())
	p.Schedule = cmp.Or(n.Schedule, defaultSchedule)
	f.text(s.CheckSchedule, p.Schedule, "schedule")
	if n.History != "" {
		f.text(s.CheckHistory, n.History, "history")
	}
	if p.system == nil {
		f.unknownSystem(n, s.systemNames())
		return nil, f.err()
	}
	p.Name = f.name(cmp.Or(n.Name, p.system.Name))
	p.TimeZone = f.timeZone(cmp.Or(n.TimeZone, p.system.TimeZone, "UTC"))
	p.entities = f.entities(p.system, n.Entities)
	p.WriteRules = f.rules(p.system, n.WriteRules)
	if p.method = f.method(p.system, n.AuthMethod); p.method != nil {
		p.Credentials = f.credentials(p.method, n.Credentials)
	}
	return p, f.err()
}

func (f *faults) text(check func(string) error, text string, path ...string) {
	if err := check(text); err != nil {
		f.at(problem.Invalid, err.Error(), path...)
	}
}

func (f *faults) unknownSystem(n New, known []string) {
	if n.System == "" {
		f.at(problem.Required, "Name the system to connect; GET /v1/systems lists them.", "system")
	} else {
		f.at(problem.Unknown, unknown("system", n.System, known), "system")
	}
	if n.Name != "" {
		f.name(n.Name)
	}
	if n.TimeZone != "" {
		f.timeZone(n.TimeZone)
	}
}

// entities gives the wanted entities in their order of sync; all when none are wanted.
func (f *faults) entities(sys *manifest.System, wanted []string) []*manifest.Entity {
	if len(wanted) == 0 {
		return sys.Entities
	}
	want := map[string]bool{}
	for i, name := range wanted {
		if sys.Entity(name) == nil {
			f.at(problem.Unknown, unknown("entity of "+sys.Name, name, entityNames(sys)), "entities", fmt.Sprint(i))
		}
		want[name] = true
	}
	var out []*manifest.Entity
	for _, e := range sys.Entities {
		if want[e.Name] {
			out = append(out, e)
		}
	}
	return out
}

func entityNames(sys *manifest.System) []string {
	names := make([]string, len(sys.Entities))
	for i, e := range sys.Entities {
		names[i] = e.Name
	}
	return names
}

func (s *Service) systemNames() []string {
	var names []string
	for _, sys := range s.Systems.Systems() {
		names = append(names, sys.System)
	}
	return names
}
