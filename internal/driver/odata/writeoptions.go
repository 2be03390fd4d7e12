package odata

import "github.com/busbar-dev/busbar/internal/manifest"

// sendOptions are `send:` of an operation or a move.
type sendOptions struct {
	Set        string            `yaml:"set"`                                     // create: another set than the one that is read
	Method     string            `yaml:"method" words:"PATCH,MERGE,PUT,POST,GET"` // update: PATCH, MERGE, PUT; function: POST (default), GET
	Body       map[string]any    `yaml:"body"`                                    // members that every call has
	Function   string            `yaml:"function"`                                // version 2: a function import
	Action     string            `yaml:"action"`                                  // version 4: an action bound to the record
	Parameters map[string]string `yaml:"parameters"`                              // function: a parameter: the member that it takes; absent: the key, by its own names
}

// bulkOptions are `bulk: send:`: a call of many, each write a changeset, or all of them one.
type bulkOptions struct {
	sendOptions `yaml:",inline"`
}

// findOptions are `find:` of a rung.
type findOptions struct {
	Member string `yaml:"member"` // W2, W3: absent: the key's, the mark's
	Since  string `yaml:"since"`  // W4: the member that says when a record was made
	Filter string `yaml:"filter"` // besides
}

func decodeSend(o manifest.Options) (*sendOptions, manifest.Problems) {
	s := &sendOptions{}
	return s, o.Decode(s)
}

func decodeBulk(o manifest.Options) (*bulkOptions, manifest.Problems) {
	b := &bulkOptions{}
	return b, o.Decode(b)
}

func decodeFind(o manifest.Options) (*findOptions, manifest.Problems) {
	f := &findOptions{}
	return f, o.Decode(f)
}
