package pages

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/site"
)

// finding is what a check found, as people read it.
type finding struct {
	Tone, Mark     string // good, warn, bad
	Says, Do       string
	Language       string // of Says and Do, where it is not the page's
	DoLanguage     string
	Entity         string
	Readable, Open bool
}

// passed tells whether a login works; what it may not read is a choice.
func passed(found []connection.Finding) bool {
	return !slices.ContainsFunc(found, func(f connection.Finding) bool { return !f.OK && f.Step != connection.StepEntity })
}

// told puts findings into the page's words.
func (p *pages) told(words site.Words, s *manifest.System, found []connection.Finding) (list []finding) {
	for _, f := range found {
		list = append(list, p.tell(words, s, f))
	}
	return list
}

func (p *pages) tell(words site.Words, s *manifest.System, f connection.Finding) finding {
	out := finding{Tone: "good", Mark: "✓", Says: f.Says, Do: f.Do, Entity: f.Entity, Readable: f.OK, Open: f.OK && f.Code == problem.NotChecked}
	switch {
	case !f.OK:
		out.Tone, out.Mark = "bad", "✗"
	case out.Open:
		out.Tone, out.Mark = "warn", "?"
	}
	if words.Language == "en" {
		return out
	}
	code := "ok"
	if f.Code != "" {
		code = f.Code
	}
	out.Language, out.DoLanguage = "en", "en"
	if key := "link.found." + f.Step + "." + code; words.Has(key) {
		out.Says, out.Language = words.Say(key, "system", s.Name, "entity", words.Say("link.entities."+f.Entity)), ""
	}
	if key := "link.mend." + f.Step + "." + code; f.Do != "" && words.Has(key) {
		out.Do, out.DoLanguage = words.Say(key, "system", s.Name, "needs", p.needs(words, s, f.Entity)), ""
	}
	return out
}

// needs is the right that somebody needs to read an entity, in the system's own words where they are known.
func (p *pages) needs(words site.Words, s *manifest.System, entity string) string {
	if e := s.Entity(entity); e != nil && e.Needs != "" {
		return e.Needs
	}
	return words.Say("link.right", "entity", words.Say("link.entities."+entity))
}

// row is one entity that can be chosen.
type row struct {
	finding
	Name, Title string
	Chosen      bool
}

// chooser is the page on which what is read is chosen.
type chooser struct {
	Path, System, Title, Method, Kept string
	Connection                        string
	Values                            map[string]string // by the name of the input
	Findings                          []finding         // of the login
	Rows                              []row
	Preset                            bool // what is read was chosen by whoever invited
	Missing                           bool // something may not be read
	Writes                            bool // something can be written too
	AskHistory                        bool
	Histories                         []site.Option
	History                           string
	Fault                             string
	Anew                              string // address at which to log in at the system once more; empty: the login was filled in
}

// histories are how far back the first reading goes.
func histories() []string { return []string{"P30D", "P90D", "P365D", "all"} }

const usualHistory = "P90D"

// choosing marks a form of the page on which what is read is chosen: what is left out there stays so.
const choosing = "choosing"

// choose shows what the login may read.
func (p *pages) choose(v *visit, e *entry, found []connection.Finding, status int) error {
	words := p.words(v)
	sealed, err := p.seal(v, kept{System: e.system.System, Method: e.method.Method, Values: e.secret})
	if err != nil {
		return err
	}
	data := chooser{
		Path: v.Path(), System: e.system.System, Title: e.system.Name, Method: e.method.Method, Kept: sealed, Values: map[string]string{},
		Preset: len(v.Settings.Entities) > 0 || v.Renews(), AskHistory: v.Settings.History == "" && !v.Renews(), History: e.history, Fault: e.other,
	}
	if v.Renews() && v.Connection != nil {
		data.Connection = v.Connection.Name
	}
	if e.held {
		data.Anew = v.Path() + "/login?" + url.Values{"system": {e.system.System}, "method": {e.method.Method}}.Encode()
	} else {
		for name, value := range e.values {
			data.Values[prefix+name] = value
		}
	}
	for _, h := range histories() {
		data.Histories = append(data.Histories, site.Option{Value: h, Label: words.Say("link.history." + h)})
	}
	for _, f := range found {
		if f.Step != connection.StepEntity {
			data.Findings = append(data.Findings, p.tell(words, e.system, f))
			continue
		}
		r := row{finding: p.tell(words, e.system, f), Name: f.Entity, Title: words.Say("link.entities." + f.Entity), Chosen: f.OK && (!v.form.Has(choosing) || slices.Contains(v.form["entity"], f.Entity))}
		data.Rows, data.Missing = append(data.Rows, r), data.Missing || !f.OK
		data.Writes = data.Writes || writable(e.system.Entity(f.Entity))
	}
	p.page(v, "choose", site.View{Status: status, Data: data})
	return nil
}

func writable(e *manifest.Entity) bool { return e != nil && len(e.Operations) > 0 }

// connect stores the login.
func (p *pages) connect(v *visit) error {
	if ok, err := p.mine(v); !ok {
		return err
	}
	e, err := p.entry(v, v.form)
	if err != nil {
		return err
	}
	if e == nil {
		return v.to("/system")
	}
	p.fill(v, e)
	l, err := p.taken(v, e)
	if err != nil {
		return p.mend(v, e, err)
	}
	if len(v.Settings.Entities) == 0 && !v.Renews() {
		l.Entities = v.form["entity"]
		if len(l.Entities) == 0 {
			found, err := p.Links.Check(v.r.Context(), v.Visit, l)
			if err != nil {
				return p.mend(v, e, err)
			}
			e.other = p.words(v).Say("link.choose.none")
			return p.choose(v, e, found, http.StatusUnprocessableEntity)
		}
	}
	if _, err := p.Links.Connect(v.r.Context(), v.Visit, l); err != nil {
		return p.mend(v, e, err)
	}
	return v.to("/done")
}
