package manifest

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Page is the documentation of a connector as Markdown: what it can do, what proves that, which rules hold for writes, and how to log in. docs is where the documentation of Busbar is from there, and
// guide where the guide is; empty: the page stands alone, without links out of it.
func (s *System) Page(docs, guide string) string {
	c := s.Capabilities()
	p := &page{docs: docs, guide: guide}
	p.line("# %s", s.Name)
	p.line("")
	p.line("%s", s.Summary)
	p.line("")
	if s.Simulated {
		p.line("This is a simulator that comes with Busbar, not a real system.")
		p.line("")
	}
	p.line("System `%s` · %s · driver %s · versions %s", s.System, strings.Join(s.Categories, ", "), p.link(s.Driver, "connectors/"+s.Driver+".md"), strings.Join(s.Versions, ", "))
	p.matrix(c)
	p.versions(s)
	for _, e := range c.Entities {
		p.entity(s.Entity(e.Entity), e)
	}
	p.logins(s)
	return p.String()
}

// Index is the page that lists the connectors.
func (r *Registry) Index() string {
	p := &page{}
	p.line("# Systems")
	p.line("")
	p.line("What Busbar can connect, and how far. A page per system says what can be read and written, on which conditions, and what proves it:")
	p.line("")
	p.line("- **live**: tested against the real system, of the version that is named")
	p.line("- **simulated**: tested against a simulator built from the vendor's documentation")
	p.line("- **documented**: read in the vendor's documentation, not run")
	p.line("")
	p.line("| system | driver | reads | writes | evidence |")
	p.line("|---|---|---|---|---|")
	for _, s := range r.Systems() {
		reads, writes, evidence := 0, 0, map[string]bool{}
		for _, e := range s.Entities {
			reads++
			writes += len(e.Operations)
			for _, text := range e.Evidence {
				evidence[text] = true
			}
		}
		name := s.Name
		if s.Simulated {
			name += " (simulator)"
		}
		p.line("| [%s](%s.md) | %s | %s | %s | %s |", name, s.System, s.Driver, plural(reads, "entity", "entities"), plural(writes, "operation", "operations"), strings.Join(sorted(evidence), ", "))
	}
	p.line("")
	p.line("Another system is a folder of data: [how to write a connector](../connectors/README.md).")
	return p.String()
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// page collects lines of Markdown.
type page struct {
	strings.Builder
	docs, guide string
}

// link leads to a page of Busbar's documentation, where there is one.
func (p *page) link(text, to string) string {
	if p.docs == "" {
		return text
	}
	return "[" + text + "](" + p.docs + "/" + to + ")"
}

func (p *page) line(format string, a ...any) { fmt.Fprintf(p, format+"\n", a...) }

func (p *page) matrix(c Capabilities) {
	p.line("")
	p.line("## What it can do")
	p.line("")
	p.line("| entity | read | only what changed | deletions | create | update | delete |")
	p.line("|---|---|---|---|---|---|---|")
	for _, e := range c.Entities {
		incremental := "no: every run reads everything"
		if e.Incremental {
			incremental = "yes"
		}
		deletions := "not found"
		if e.Deletions == "sweep" {
			deletions = "found by full runs"
		}
		p.line("| [%s](#%s) | %s | %s | %s | %s | %s | %s |", e.Entity, e.Entity, cell(e.Read), incremental, deletions, cell(e.Create), cell(e.Update), cell(e.Delete))
	}
	p.line("")
	p.line("A dash is what the system or its connector cannot do. What the words mean is on the %s.", p.link("list of systems", "systems/README.md"))
}

func cell(c Capability) string {
	switch {
	case !c.Supported:
		return "–"
	case c.How == HowCancel:
		return c.Evidence + ", cancels"
	}
	return c.Evidence
}

// entity writes what there is to know of one: its fields, and the rules for writes.
func (p *page) entity(e *Entity, c EntityCapability) {
	p.line("")
	p.line("## %s", c.Entity)
	p.line("")
	var given, writable []string
	for _, f := range c.Fields {
		if !f.Supported {
			continue
		}
		given = append(given, f.Name)
		if f.Writable {
			writable = append(writable, f.Name)
		}
	}
	p.line("- **Fields**: %s", names(given))
	if len(c.UnsupportedFields) > 0 {
		p.line("- **Not delivered**: %s", names(c.UnsupportedFields))
	}
	if len(writable) > 0 {
		p.line("- **Can be written**: %s", names(writable))
	}
	if e.Cursor != nil {
		p.line("- **Changes** are found by their time, to %s; each run looks back %s.", span(e.Cursor.Precision), span(e.Cursor.Lookback))
	}
	if c.History != "" {
		p.line("- **Period**: the first sync can be bounded by `%s`.", c.History)
	}
	for _, op := range Ops() {
		if o, ok := e.Operations[op]; ok {
			p.line("- **%s**: a lost answer is found out by %s.%s", op, classes(o.Classes()), bulk(o))
		}
	}
	for _, r := range c.Rules {
		p.line("- %s (`%s`)", r.Text, r.Rule)
	}
}

// versions lists what is claimed of versions that differ from the matrix.
func (p *page) versions(s *System) {
	entities := map[string][]string{} // by "version: operation evidence"
	for _, e := range s.Entities {
		for key, text := range e.Evidence {
			if operation, version, ok := strings.Cut(key, "_"); ok {
				claim := fmt.Sprintf("**%s**: %s %s", version, operation, text)
				entities[claim] = append(entities[claim], e.Name)
			}
		}
	}
	if len(entities) == 0 {
		return
	}
	p.line("")
	p.line("Of other versions, and kinds of installation:")
	p.line("")
	for _, claim := range sorted(entities) {
		p.line("- %s (%s)", claim, strings.Join(entities[claim], ", "))
	}
}

// span writes a time span as manifests do: 15m, 1µs.
func span(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

func names(list []string) string { return "`" + strings.Join(list, "`, `") + "`" }

func classes(list []Class) string {
	words := map[Class]string{
		W1: "the system's own key (W1)", W2: "a key or the record itself (W2)", W3: "a mark that is searched (W3)", W4: "a search by content, for a person to decide (W4)",
		W5: "a person, who looks into the system (W5)",
	}
	var out []string
	for _, c := range list {
		out = append(out, words[c])
	}
	return strings.Join(out, ", then ")
}

func bulk(o Operation) string {
	switch {
	case o.Bulk == nil:
		return ""
	case o.Bulk.Atomic:
		return fmt.Sprintf(" Up to %d in one call, all or none where that is asked for.", o.Bulk.Max)
	}
	return fmt.Sprintf(" Up to %d in one call.", o.Bulk.Max)
}

func (p *page) logins(s *System) {
	p.line("")
	p.line("## Login")
	p.line("")
	if p.guide != "" {
		p.line("How to prepare the system: [guide](%s).", p.guide)
	}
	for _, m := range s.Auth {
		p.line("")
		p.line("| `%s` | | |", m.Method)
		p.line("|---|---|---|")
		for _, f := range m.Fields {
			if f.Group == GroupTLS {
				continue
			}
			var notes []string
			for _, note := range []struct {
				holds bool
				text  string
			}{{f.Secret, "secret"}, {!f.Required, "optional"}, {f.Identity, "tells instances apart"}} {
				if note.holds {
					notes = append(notes, note.text)
				}
			}
			p.line("| `%s` | %s | %s |", f.Name, cmp.Or(f.Label, f.Name), strings.Join(notes, ", "))
		}
	}
	if s.overTLS() {
		p.line("")
		p.line("Where your network has certificates of its own, every login also takes `tls_ca`, `tls_pin`, `tls_client_cert` and `tls_client_key`.")
	}
}
