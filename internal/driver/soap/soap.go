// Package soap speaks SOAP 1.1 and 1.2 over HTTP: envelopes made of templates, answers as JSON by the local names of their elements, faults, WS-Security user names. Everything
// particular to a system is an option of its manifest, documented in docs/connectors/soap.md. The package knows no system.
package soap

import (
	_ "embed"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/envelope"
	"github.com/busbar-dev/busbar/internal/driver/login"
	"github.com/busbar-dev/busbar/internal/manifest"
)

//go:embed starter.yaml
var starter string

// Driver implements driver.Driver.
type Driver struct{ login.Browser }

// New gives the driver.
func New() Driver { return Driver{} }

// Name implements driver.Driver.
func (Driver) Name() string { return "soap" }

// Dialect implements driver.Driver: the texts of elements are read as plain scalars are.
func (Driver) Dialect() manifest.Dialect { return nil }

// Check implements driver.Driver.
func (Driver) Check(s *manifest.System) manifest.Problems { return envelope.Check(language{}, s) }

// Open implements driver.Driver. The error is a *driver.Error when the address is at fault.
func (Driver) Open(s *manifest.System, c driver.Config) (driver.Client, error) {
	return envelope.Open(language{}, s, c)
}

// Forms implements driver.Driver.
func (Driver) Forms() manifest.Forms {
	return manifest.Forms{Connect: connectOptions{}, Read: readOptions{}, Hot: callOptions{}, Send: sendOptions{}, Move: sendOptions{}, Find: findOptions{}, TLS: true, Starter: starter}
}

// connectOptions is the manifest's `connect:` section.
type connectOptions struct {
	envelope.Connect `yaml:",inline"`
	Version          string            `yaml:"version" words:"1.1,1.2"` // default 1.1
	Namespaces       map[string]string `yaml:"namespaces"`              // prefix: name, for all templates
	Header           string            `yaml:"header"`                  // XML for the header of each envelope
	Security         *securityOptions  `yaml:"security"`
	Lists            []string          `yaml:"lists"` // elements that are lists even where one stands alone
	Probe            probeOptions      `yaml:"probe" manifest:"required"`
	Errors           errorOptions      `yaml:"errors"`
}

// securityOptions is a UsernameToken of WS-Security in the header of each envelope.
type securityOptions struct {
	Style    string `yaml:"style" manifest:"required" words:"text,digest"`
	Username string `yaml:"username" manifest:"required"`
	Password string `yaml:"password" manifest:"required"`
}

// probeOptions is a cheap call that only a good login passes.
type probeOptions struct {
	callOptions     `yaml:",inline"`
	envelope.Expect `yaml:",inline"`
}

// errorOptions say what is in a fault.
type errorOptions struct {
	Code  manifest.Path          `yaml:"code"`  // in the fault; its faultcode, Code and Subcode are looked at as well
	Kinds map[string]driver.Kind `yaml:"kinds"` // code: kind of driver error
}

// callOptions is one call.
type callOptions struct {
	Action   string            `yaml:"action"`
	Body     string            `yaml:"body"`     // XML of the one element in the envelope's body
	Headers  map[string]string `yaml:"headers"`  // of HTTP; they take placeholders
	Prefix   string            `yaml:"prefix"`   // namespace prefix of the elements that {members} become
	Sequence []string          `yaml:"sequence"` // the order of those elements; the others follow by name
}

// readOptions is an entity's `read:` section.
type readOptions struct {
	callOptions   `yaml:",inline"`
	envelope.List `yaml:",inline"`
	Newest        *callOptions `yaml:"newest"`
	One           *oneOptions  `yaml:"one"`
}

// oneOptions is `one:` of an entity's `read:`.
type oneOptions struct {
	callOptions  `yaml:",inline"`
	envelope.One `yaml:",inline"`
}

// findOptions is `find:` of a rung: what it gives replaces the same key of the entity's `read:`.
type findOptions struct {
	callOptions   `yaml:",inline"`
	envelope.List `yaml:",inline"`
}

// sendOptions is `send:` of an operation or a move.
type sendOptions struct {
	callOptions   `yaml:",inline"`
	envelope.Send `yaml:",inline"`
}

// language implements envelope.Language.
type language struct{}

// Sparse implements envelope.Language: XML has no lists, and leaves out what is empty.
func (language) Sparse() bool { return true }

// Connection implements envelope.Language.
func (language) Connection(o manifest.Options) (*envelope.Connection, manifest.Problems) {
	c := &connectOptions{Version: "1.1"}
	problems := o.Decode(c)
	if len(problems) == 0 {
		problems = c.check(o)
	}
	made := &envelope.Connection{Connect: c.Connect, Expect: c.Probe.Expect, Probe: &call{callOptions: c.Probe.callOptions}, Also: []string{c.Header}}
	if s := c.Security; s != nil {
		made.Also = []string{s.Password, s.Username, c.Header}
	}
	made.Speak = func(expand func(string) string, now func() time.Time) envelope.Speaker {
		return &speaker{options: c, expand: expand, now: now}
	}
	return made, problems
}

// check checks what is the protocol's own.
func (c *connectOptions) check(o manifest.Options) (problems manifest.Problems) {
	for prefix := range c.Namespaces {
		if isOwn(prefix) || !isName(prefix) {
			problems = append(problems, o.Problem("the prefix "+prefix+" cannot be given", "write another one", "namespaces", prefix))
		}
	}
	if _, err := parse(c.Header); err != nil {
		problems = append(problems, o.Problem("is not well-formed XML: "+err.Error(), "mend it", "header"))
	}
	return problems
}

// Reading implements envelope.Language.
func (language) Reading(e *manifest.Entity) (*envelope.Reading, manifest.Problems) {
	o := &readOptions{List: envelope.DefaultList()}
	problems := e.Read.Decode(o)
	r := &envelope.Reading{List: o.List, Call: &call{callOptions: o.callOptions}, IDs: e.ID, Dates: e.UpdatedAt}
	if o.Newest != nil {
		r.Newest = &call{callOptions: *o.Newest}
	}
	if o.One != nil {
		r.One, r.Single = &call{callOptions: o.One.callOptions}, o.One.One
	}
	if e.Hot != nil {
		hot := o.callOptions
		problems = append(problems, e.Hot.Read.Decode(&hot)...)
		r.Hot = &call{callOptions: hot}
	}
	return r, problems
}

// Finding implements envelope.Language.
func (language) Finding(o manifest.Options, r *envelope.Reading) (*envelope.Reading, manifest.Problems) {
	f := &findOptions{List: r.List, callOptions: r.Call.(*call).callOptions}
	if o.Gives("paging") {
		f.Paging = envelope.DefaultPaging()
	}
	problems := o.Decode(f)
	found := *r
	found.List, found.Call = f.List, &call{callOptions: f.callOptions}
	return &found, problems
}

// Sending implements envelope.Language.
func (language) Sending(o manifest.Options, s *envelope.Sending) manifest.Problems {
	send := &sendOptions{Send: s.Send}
	problems := o.Decode(send)
	s.Send, s.Call = send.Send, &call{callOptions: send.callOptions}
	return problems
}

// call implements envelope.Call.
type call struct{ callOptions }
