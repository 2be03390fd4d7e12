package manifest

import (
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/busbar-dev/busbar/internal/rawjson"
)

type systemForm struct {
	System     string     `yaml:"system" manifest:"required"`
	Name       string     `yaml:"name" manifest:"required"`
	Summary    string     `yaml:"summary" manifest:"required"`
	Categories []string   `yaml:"categories" manifest:"required" words:"erp,eam,wms"`
	Driver     string     `yaml:"driver" manifest:"required"`
	Versions   []string   `yaml:"versions" manifest:"required"`
	Simulated  bool       `yaml:"simulated"`
	TimeZone   string     `yaml:"time_zone"`
	Nulls      []string   `yaml:"nulls"`
	Decimals   string     `yaml:"decimals" words:"number,text"`
	Limits     Limits     `yaml:"limits"`
	Auth       []authForm `yaml:"auth" manifest:"required"`
	Connect    yaml.Node  `yaml:"connect"`
	Entities   yaml.Node  `yaml:"entities" manifest:"required"`
}

// authForm is a way to log in: with a user's name and password, a key, a token that the system issued, tokens that it issues and renews by OAuth 2.0, a session that it opens, requests that are signed
// (hmac), a private key whose public half it knows, alone or in a certificate, or with nothing where it is reached without a login, such as a directory.
type authForm struct {
	Method string           `yaml:"method" manifest:"required" words:"basic,api_key,token,oauth2,session,hmac,private_key,certificate,none"`
	Fields []credentialForm `yaml:"fields" manifest:"required"`
}

type credentialForm struct {
	Name     string             `yaml:"name" manifest:"required"`
	Label    string             `yaml:"label" manifest:"required"`
	Type     string             `yaml:"type" manifest:"required" words:"url,text,password,integer,multiline,select"`
	Options  []CredentialOption `yaml:"options"`
	Secret   bool               `yaml:"secret"`
	Identity *bool              `yaml:"identity"`
	Required *bool              `yaml:"required"`
	Default  string             `yaml:"default"`
	Example  string             `yaml:"example"`
	Help     string             `yaml:"help"`
	Vendor   bool               `yaml:"vendor_only"`
}

const defaultConcurrency = 2

var (
	snakeCase = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	kebabCase = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
)

// build fills the system from the manifest's nodes.
func (b *builder) build(folder string) {
	var f systemForm
	b.Value(b.root, reflect.ValueOf(&f).Elem(), "")
	*b.system = System{
		System: f.System, Name: f.Name, Summary: f.Summary, Categories: f.Categories, Driver: f.Driver,
		Versions: f.Versions, Simulated: f.Simulated, Limits: f.Limits, TimeZone: f.TimeZone, Nulls: f.Nulls, Decimals: f.Decimals,
		Options: b.options(&f.Connect, "connect"),
	}
	b.identity(folder)
	b.settings()
	b.auth(f.Auth)
	b.entities(&f.Entities)
}

// options hands a part of the manifest to the driver.
func (b *builder) options(n *yaml.Node, at string) Options {
	if n.Kind == 0 {
		n = nil
	}
	return Options{Node: n, File: b.File, Path: at}
}

func (b *builder) identity(folder string) {
	s := b.system
	switch {
	case s.System == "":
	case !kebabCase.MatchString(s.System):
		b.problem(strconv.Quote(s.System)+" is not an identifier", "write lower-case words joined with -", "system")
	case s.System != folder:
		b.problem("the folder is called "+folder, "write "+folder+", or rename the folder", "system")
	}
}

func (b *builder) settings() {
	s := b.system
	if s.TimeZone == "" {
		s.TimeZone = "UTC"
	}
	if _, err := time.LoadLocation(s.TimeZone); err != nil || s.TimeZone == "Local" {
		b.problem("unknown time zone "+strconv.Quote(s.TimeZone), "write an IANA name such as Europe/Vienna", "time_zone")
	}
	for i, text := range s.Nulls {
		if rawjson.Valid([]byte(text)) != nil {
			b.problem(strconv.Quote(text)+" is not JSON", `write the JSON text, for an empty text '""'`, "nulls", strconv.Itoa(i))
		}
	}
	l := &s.Limits
	if l.Concurrency < 0 || l.PerSecond < 0 || l.PerMinute < 0 || l.PerDay < 0 {
		b.problem("a limit is negative", "leave out what is not limited", "limits")
	}
	if l.Concurrency == 0 {
		l.Concurrency = defaultConcurrency
	}
}

func (b *builder) auth(forms []authForm) {
	methods := map[string]bool{}
	for i, f := range forms {
		at := []string{"auth", strconv.Itoa(i)}
		if methods[f.Method] {
			b.problem("the method "+f.Method+" is written twice", "keep one", at...)
		}
		methods[f.Method] = true
		m := AuthMethod{Method: f.Method}
		names := map[string]bool{}
		for k, c := range f.Fields {
			b.credential(c, names, append(slices.Clone(at), "fields", strconv.Itoa(k)))
			m.Fields = append(m.Fields, c.field())
		}
		b.system.Auth = append(b.system.Auth, m)
	}
	if len(forms) == 0 && child(b.root, "auth") != nil {
		b.problem("names no way to log in", "write at least one method", "auth")
	}
}

// Needs reports every way to log in whose form lacks one of the fields that the driver logs in with.
func (s *System) Needs(driver string, fields ...string) Problems {
	var problems Problems
	for _, m := range s.Auth {
		for _, want := range fields {
			if !slices.ContainsFunc(m.Fields, func(f CredentialField) bool { return f.Name == want }) {
				problems = append(problems, Problem{Pos: Pos{File: s.Options.File, Line: 1, Column: 1}, Path: "auth",
					Message: "the method " + m.Method + " has no field " + want, Mend: "add it: " + driver + " logs in with it"})
			}
		}
	}
	return problems
}

func (c credentialForm) field() CredentialField {
	identity, required := c.Type == "url" && !c.Secret, true
	if c.Identity != nil {
		identity = *c.Identity
	}
	if c.Required != nil {
		required = *c.Required
	}
	return CredentialField{c.Name, c.Label, c.Type, c.Options, c.Secret, identity, required, c.Default, c.Example, c.Help, "", c.Vendor}
}

func (b *builder) credential(c credentialForm, names map[string]bool, at []string) {
	within := func(key string) []string { return append(slices.Clone(at), key) }
	switch {
	case c.Name != "" && !snakeCase.MatchString(c.Name):
		b.problem(strconv.Quote(c.Name)+" is not snake_case", "write lower-case words joined with _", within("name")...)
	case names[c.Name]:
		b.problem("the field "+c.Name+" is written twice", "keep one", within("name")...)
	}
	if isReserved(c.Name) {
		b.problem("the field "+c.Name+" is one that every login over TLS has", "take it out, or give it another name", within("name")...)
	}
	names[c.Name] = true
	values := map[string]bool{}
	for i, o := range c.Options {
		if values[o.Value] {
			b.problem("the option "+o.Value+" is written twice", "keep one", append(within("options"), strconv.Itoa(i))...)
		}
		values[o.Value] = true
	}
	switch choice := c.Type == "select"; {
	case choice && len(c.Options) == 0:
		b.problem("a choice without options", "write options: [{value: ..., label: ...}]", at...)
	case !choice && len(c.Options) > 0:
		b.problem("only a choice has options", "write type: select, or remove them", within("options")...)
	case choice && c.Secret:
		b.problem("a choice is no secret", "leave secret out", within("secret")...)
	case choice && c.Default != "" && !values[c.Default]:
		b.problem(strconv.Quote(c.Default)+" is none of the options", "write the value of one", within("default")...)
	}
	if c.Type == "password" && !c.Secret {
		b.problem("a password that is not secret", "add secret: true", at...)
	}
	if c.Secret && (c.Default != "" || c.Example != "") {
		b.problem("a secret has no default and no example", "describe it in help", at...)
	}
	if c.Secret && c.Identity != nil && *c.Identity {
		b.problem("a secret does not tell instances apart", "leave identity out: secrets change while the instance stays", at...)
	}
}
