package pages

import (
	"cmp"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/link"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/site"
)

// prefix keeps the manifest's fields apart from the form's own.
const prefix = "f_"

// entry is a form being filled in.
type entry struct {
	system  *manifest.System
	method  manifest.AuthMethod
	ways    []manifest.AuthMethod // that the customer may choose
	hides   map[string]bool       // fields that the vendor has filled in for everybody
	values  map[string]string     // public ones
	secret  map[string]string
	asked   map[string]bool   // secrets to be typed anew
	faults  map[string]string // by field
	history string
	held    bool   // the login was made in a browser
	other   string // what is wrong with no field
}

// methodLink is another way to log in.
type methodLink struct {
	Label, Address string
	Current        bool
}

// form is the page with the login's form.
type form struct {
	Path, System, Title  string
	Method               string
	Methods              []methodLink
	Fields, Wrong        []site.Field
	Line                 []site.Field // about certificates, which few need
	LineOpen             bool         // something is filled in, or wrong, there
	Findings             []finding
	Kept                 string
	Guide, More          template.HTML
	InBrowser, CanChoose bool
	Connection           string // whose login is renewed
	Other                string
}

// entry finds the system and the way to log in that a request names; nil when there is none such that the customer may choose.
func (p *pages) entry(v *visit, from url.Values) (*entry, error) {
	name := cmp.Or(v.SystemName(), from.Get("system"))
	systems, err := p.Links.Systems(v.r.Context(), v.Visit, "")
	at := slices.IndexFunc(systems, func(c link.Choice) bool { return c.System.System == name })
	switch {
	case err != nil:
		return nil, err
	case at < 0 && v.SystemName() != "":
		return nil, &site.Refusal{Status: http.StatusNotFound, Code: "missing"}
	case at < 0:
		return nil, nil
	}
	c := systems[at]
	e := &entry{system: c.System, ways: c.Ways, values: map[string]string{}, secret: map[string]string{}, asked: map[string]bool{}, hides: map[string]bool{}, faults: map[string]string{}}
	wanted := from.Get("method")
	if wanted == "" && v.Renews() && v.Connection != nil {
		wanted = v.Connection.AuthMethod
	}
	e.method = c.Ways[max(0, slices.IndexFunc(c.Ways, func(m manifest.AuthMethod) bool { return m.Method == wanted }))]
	for _, name := range c.Apps[e.method.Method] {
		e.hides[name] = true
	}
	return e, nil
}

// login shows the form.
func (p *pages) login(v *visit) error {
	if ok, err := p.mine(v); !ok {
		return err
	}
	e, err := p.entry(v, v.r.URL.Query())
	if err != nil {
		return err
	}
	if e == nil {
		return v.to("/system")
	}
	for _, f := range e.method.Fields {
		e.values[f.Name] = f.Default
		if v.Renews() && v.Connection != nil && v.Connection.Public[f.Name] != "" {
			e.values[f.Name] = v.Connection.Public[f.Name]
		}
	}
	return p.ask(v, e, nil, http.StatusOK)
}

// ask shows the form as it is filled in so far.
func (p *pages) ask(v *visit, e *entry, found []connection.Finding, status int) error {
	words := p.words(v)
	guide, more, err := p.guide.parts(e.system.Guide)
	if err != nil {
		return err
	}
	data := form{
		Path: v.Path(), System: e.system.System, Title: e.system.Name, Method: e.method.Method, Guide: guide, More: more, Other: e.other,
		InBrowser: p.Links.Connections.InBrowser(e.system.System, e.method.Method), CanChoose: v.SystemName() == "", Findings: p.told(words, e.system, found),
	}
	if v.Renews() && v.Connection != nil {
		data.Connection = v.Connection.Name
	}
	if len(e.ways) > 1 {
		for _, m := range e.ways {
			query := url.Values{"system": {e.system.System}, "method": {m.Method}}
			data.Methods = append(data.Methods, methodLink{words.Say("link.method." + m.Method), v.Path() + "/login?" + query.Encode(), m.Method == e.method.Method})
		}
	}
	keep := map[string]string{}
	for _, f := range e.method.Fields {
		if e.hides[f.Name] {
			continue
		}
		field := e.field(f)
		if field.Kept {
			keep[f.Name] = e.secret[f.Name]
		}
		if f.Group == manifest.GroupTLS {
			data.Line, data.LineOpen = append(data.Line, field), data.LineOpen || field.Value != "" || field.Kept || field.Error != ""
		} else {
			data.Fields = append(data.Fields, field)
		}
		if field.Error != "" {
			data.Wrong = append(data.Wrong, field)
		}
	}
	if data.Kept, err = p.seal(v, kept{System: e.system.System, Method: e.method.Method, Values: keep}); err != nil {
		return err
	}
	p.page(v, "login", site.View{Status: status, Wide: true, Data: data})
	return nil
}

// field is the input for one of the manifest's fields.
func (e *entry) field(f manifest.CredentialField) site.Field {
	field := site.Field{
		Name: prefix + f.Name, Label: f.Label, Type: f.Type, Help: f.Help, Example: f.Example, Language: "en", Optional: !f.Required, Error: e.faults[f.Name],
	}
	for _, o := range f.Options {
		field.Options = append(field.Options, site.Option{Value: o.Value, Label: o.Label})
	}
	switch f.Type {
	case "multiline":
		field.Type = "lines"
	case "integer":
		field.Type = "number"
	case "password":
		field.Autocomplete = "off"
	}
	if !f.Secret {
		field.Value = e.values[f.Name]
		return field
	}
	if field.Type != "lines" {
		field.Type = "password"
	}
	field.Kept = e.secret[f.Name] != "" && !e.asked[f.Name]
	return field
}

// fill takes what was typed. A secret that was left empty is the one typed before.
func (p *pages) fill(v *visit, e *entry) {
	before := p.unseal(v, e.system.System, e.method.Method)
	for _, f := range e.method.Fields {
		typed := v.form.Get(prefix + f.Name)
		if f.Secret {
			e.secret[f.Name] = cmp.Or(typed, before[f.Name])
			continue
		}
		e.values[f.Name] = strings.TrimSpace(typed)
	}
	e.history = usualHistory
	if wanted := v.form.Get("history"); slices.Contains(histories(), wanted) {
		e.history = wanted
	}
}

// login is the form for the service.
func (e *entry) login() link.Login {
	l := link.Login{System: e.system.System, Method: e.method.Method, History: e.history, Values: map[string]string{}}
	for _, f := range e.method.Fields {
		if value := e.values[f.Name] + e.secret[f.Name]; value != "" && !e.hides[f.Name] {
			l.Values[f.Name] = value
		}
	}
	return l
}

// check tries what was typed, and goes on to the choice of what is read, or shows what to mend.
func (p *pages) check(v *visit) error {
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
	if p.Links.Connections.InBrowser(e.system.System, e.method.Method) {
		return p.away(v, e)
	}
	return p.try(v, e, e.login())
}

// try checks a login live.
func (p *pages) try(v *visit, e *entry, l link.Login) error {
	found, err := p.Links.Check(v.r.Context(), v.Visit, l)
	if err != nil {
		return p.mend(v, e, err)
	}
	if !passed(found) {
		e.blame(found, func(f connection.Finding) string { return p.tell(p.words(v), e.system, f).Says })
		return p.ask(v, e, found, http.StatusUnprocessableEntity)
	}
	return p.choose(v, e, found, http.StatusOK)
}

// mend shows the form again with what is wrong where it is wrong. What is no fault of the form goes on as an error.
func (p *pages) mend(v *visit, e *entry, err error) error {
	var known *problem.Error
	if !errors.As(err, &known) || known.Code == problem.Conflict && !p.elsewhere(v) || known.Code == problem.NotFound || known.Code == problem.Internal {
		return err
	}
	words, status := p.words(v), http.StatusUnprocessableEntity
	switch known.Code {
	case problem.Conflict:
		e.other = words.Say("link.fault.another-instance", "system", e.system.Name)
	case problem.RateLimited:
		status, e.other = http.StatusTooManyRequests, words.Say("link.fault.often")
		v.w.Header().Set("Retry-After", strconv.Itoa(max(1, known.RetryAfter)))
	}
	for _, item := range known.Items {
		name := item.Pointer[strings.LastIndex(item.Pointer, "/")+1:]
		if !e.has(name) {
			e.other = item.Detail
			continue
		}
		e.faults[name] = p.say(words, "link.fault."+item.Code, item.Detail)
		e.asked[name] = true
	}
	if len(e.faults) == 0 && e.other == "" {
		e.other = known.Detail
	}
	return p.ask(v, e, nil, status)
}

// elsewhere tells whether a conflict is one of the form, which leads to another instance than the connection's: the link itself still stands.
func (p *pages) elsewhere(v *visit) bool {
	now, err := p.Links.Open(v.r.Context(), v.r.PathValue("secret"), p.Site.Cookie(v.r, cookie))
	return err == nil && now.Renews() && now.Standing == link.Yours
}

// say gives a text where there is one, else what was said in English.
func (p *pages) say(words site.Words, key, english string) string {
	if words.Has(key) && (words.Language != "en" || key == "link.fault.required") {
		return words.Say(key)
	}
	return english
}

func (e *entry) has(name string) bool {
	return slices.ContainsFunc(e.method.Fields, func(f manifest.CredentialField) bool { return f.Name == name })
}

// blame puts what a check found next to the field that it is about, and asks for a secret that may be wrong again.
func (e *entry) blame(found []connection.Finding, say func(connection.Finding) string) {
	for _, f := range found {
		if f.OK || f.Step == connection.StepEntity {
			continue
		}
		if e.has(f.Field) {
			e.faults[f.Field] = say(f)
			e.asked[f.Field] = true
		}
		if f.Step == connection.StepLogin && f.Code == problem.CredentialsRefused {
			for _, field := range e.method.Fields {
				e.asked[field.Name] = e.asked[field.Name] || field.Secret && f.Field == ""
			}
		}
	}
}
