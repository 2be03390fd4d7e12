// Package graphql speaks GraphQL over HTTP: query documents and their variables, lists behind Relay's connections or counted ones, errors in a 200, mutations. Everything particular
// to a system is an option of its manifest, documented in docs/connectors/graphql.md. The package knows no system.
package graphql

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
func (Driver) Name() string { return "graphql" }

// Dialect implements driver.Driver: plain JSON scalars are all there is.
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
	Probe            probeOptions `yaml:"probe" manifest:"required"`
	Errors           errorOptions `yaml:"errors"`
}

// probeOptions is a cheap query that only a good login passes.
type probeOptions struct {
	callOptions     `yaml:",inline"`
	envelope.Expect `yaml:",inline"`
}

// errorOptions say what is in an error of the list `errors`.
type errorOptions struct {
	Code  manifest.Path          `yaml:"code"`  // default extensions/code
	Wait  manifest.Path          `yaml:"wait"`  // seconds that the system asks to wait
	Kinds map[string]driver.Kind `yaml:"kinds"` // code: kind of driver error
}

// callOptions is a document and what its variables are.
type callOptions struct {
	Query     string            `yaml:"query"`     // the document
	Variables map[string]any    `yaml:"variables"` // texts take placeholders
	Headers   map[string]string `yaml:"headers"`   // likewise
	Numbers   []string          `yaml:"numbers"`   // placeholders that become numbers, such as id
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

// Sparse implements envelope.Language: what a query asks for is in the answer.
func (language) Sparse() bool { return false }

// Connection implements envelope.Language.
func (language) Connection(o manifest.Options) (*envelope.Connection, manifest.Problems) {
	c := &connectOptions{Errors: errorOptions{Code: manifest.Path{"extensions", "code"}}}
	problems := o.Decode(c)
	speak := func(func(string) string, func() time.Time) envelope.Speaker { return &speaker{errors: c.Errors} }
	return &envelope.Connection{Connect: c.Connect, Expect: c.Probe.Expect, Probe: &query{callOptions: c.Probe.callOptions}, Speak: speak}, problems
}

// Reading implements envelope.Language.
func (language) Reading(e *manifest.Entity) (*envelope.Reading, manifest.Problems) {
	o := &readOptions{List: envelope.DefaultList()}
	problems := e.Read.Decode(o)
	r := &envelope.Reading{List: o.List, Call: &query{callOptions: o.callOptions}, IDs: e.ID, Dates: e.UpdatedAt}
	if o.Newest != nil {
		r.Newest = &query{callOptions: *o.Newest}
	}
	if o.One != nil {
		r.One, r.Single = &query{callOptions: o.One.callOptions}, o.One.One
	}
	if e.Hot != nil {
		hot := o.callOptions
		problems = append(problems, e.Hot.Read.Decode(&hot)...)
		r.Hot = &query{callOptions: hot}
	}
	return r, problems
}

// Finding implements envelope.Language.
func (language) Finding(o manifest.Options, r *envelope.Reading) (*envelope.Reading, manifest.Problems) {
	f := &findOptions{List: r.List, callOptions: r.Call.(*query).callOptions}
	if o.Gives("paging") {
		f.Paging = envelope.DefaultPaging()
	}
	problems := o.Decode(f)
	found := *r
	found.List, found.Call = f.List, &query{callOptions: f.callOptions}
	return &found, problems
}

// Sending implements envelope.Language.
func (language) Sending(o manifest.Options, s *envelope.Sending) manifest.Problems {
	send := &sendOptions{Send: s.Send}
	problems := o.Decode(send)
	s.Send, s.Call = send.Send, &query{callOptions: send.callOptions, mutates: true}
	return problems
}
