package manifest

import (
	"reflect"
	"time"

	"go.yaml.in/yaml/v3"
)

type operationsForm struct {
	Create *createForm   `yaml:"create"`
	Update *updateForm   `yaml:"update"`
	Delete *deletionForm `yaml:"delete"`
}

// sendingForm is how a write is sent, and how it is found out what became of it.
type sendingForm struct {
	Send      yaml.Node  `yaml:"send"`
	Bulk      *bulkForm  `yaml:"bulk"`
	Reconcile []rungForm `yaml:"reconcile"`
}

// changingForm is what the writes to a record that is there already have in common.
type changingForm struct {
	When    whenForm `yaml:"when"`
	Fresh   bool     `yaml:"fresh"`
	Insists bool     `yaml:"insists"`
}

type createForm struct {
	Required    []string `yaml:"required"`
	sendingForm `yaml:",inline"`
}

type updateForm struct {
	changingForm `yaml:",inline"`
	Except       map[string]whenForm `yaml:"except"`
	sendingForm  `yaml:",inline"`
}

type deletionForm struct {
	How          string `yaml:"how" manifest:"required" words:"delete,cancel"`
	changingForm `yaml:",inline"`
	sendingForm  `yaml:",inline"`
}

type bulkForm struct {
	Max    int       `yaml:"max" manifest:"required"`
	Atomic bool      `yaml:"atomic"`
	Send   yaml.Node `yaml:"send" manifest:"required"`
}

type rungForm struct {
	Class  string         `yaml:"class" manifest:"required" words:"W1,W2,W3,W4,W5"`
	Window *time.Duration `yaml:"window"`
	Key    string         `yaml:"key"`
	Member Path           `yaml:"member"`
	Match  []string       `yaml:"match"`
	Settle *time.Duration `yaml:"settle"`
	Find   yaml.Node      `yaml:"find"`
}

type moveForm struct {
	From []string  `yaml:"from" manifest:"required"`
	To   string    `yaml:"to" manifest:"required"`
	Send yaml.Node `yaml:"send"`
}

// whenForm is a condition: always, never, or {status: [...]}.
type whenForm struct{ When }

func (w *whenForm) DecodeYAML(d *decoder, n *yaml.Node, at string) {
	if n.Kind == yaml.MappingNode {
		var f struct {
			Status []string `yaml:"status" manifest:"required"`
		}
		d.Value(n, reflect.ValueOf(&f).Elem(), at)
		w.Status = f.Status
		return
	}
	words := []string{"always", "never"}
	switch {
	case n.Kind == yaml.ScalarNode && n.Value == "always":
	case n.Kind == yaml.ScalarNode && n.Value == "never":
		w.Never = true
	case n.Kind == yaml.ScalarNode:
		d.Report(n, at, "unknown condition "+describe(n), suggest(n.Value, words)+"; a condition is always, never or {status: [...]}")
	default:
		d.Report(n, at, "wants a condition, this is "+describe(n), "write always, never or {status: [...]}")
	}
}

// picklistForm is a list of values, or where they are: {entity, field}.
type picklistForm struct{ Picklist }

func (p *picklistForm) DecodeYAML(d *decoder, n *yaml.Node, at string) {
	if n.Kind == yaml.SequenceNode {
		d.Value(n, reflect.ValueOf(&p.Values).Elem(), at)
		return
	}
	var f struct {
		Entity string `yaml:"entity" manifest:"required"`
		Field  string `yaml:"field" manifest:"required"`
	}
	d.Value(n, reflect.ValueOf(&f).Elem(), at)
	p.Entity, p.Field = f.Entity, f.Field
}
