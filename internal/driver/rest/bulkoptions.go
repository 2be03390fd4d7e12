package rest

import "github.com/busbar-dev/busbar/internal/manifest"

// bulkOptions is `bulk: send:` of an operation: one call for many writes.
type bulkOptions struct {
	callOptions `yaml:",inline"`
	Op          manifest.Path       `yaml:"op"`                      // where in the body the operation is named
	Ops         map[string]string   `yaml:"ops"`                     // its names, where they are not create, update and delete
	Atomic      manifest.Path       `yaml:"atomic"`                  // where in the body it says that all have an effect or none: true or false
	Items       manifest.Path       `yaml:"items"`                   // where in the body the list is; absent: the body is the list
	Key         manifest.Path       `yaml:"key" manifest:"required"` // of an item: takes the mark of its write
	ID          manifest.Path       `yaml:"id"`                      // of an item: takes the remote id
	Data        manifest.Path       `yaml:"data"`                    // of an item: takes the members; absent: they are its own
	Version     *itemVersionOptions `yaml:"version"`
	Results     resultOptions       `yaml:"results" manifest:"required"`
}

// itemVersionOptions say how an item names the version of the record that it is made for.
type itemVersionOptions struct {
	Member manifest.Path `yaml:"member" manifest:"required"` // of an item
	From   manifest.Path `yaml:"from" manifest:"required"`   // the version, in the record
}

// resultOptions say where an answer has what came of each item. Paths but list's are those of an element.
type resultOptions struct {
	List    manifest.Path `yaml:"list"` // absent: the answer is the list
	Key     manifest.Path `yaml:"key" manifest:"required"`
	Status  manifest.Path `yaml:"status"`  // a number as of HTTP
	Success *successRule  `yaml:"success"` // an item that does not show it is refused
	Failure manifest.Path `yaml:"failure"` // an item that has it (not null, false or empty) is refused
	Record  manifest.Path `yaml:"record"`  // the record as it is now
	ID      manifest.Path `yaml:"id"`      // the remote id; absent: in the record
	Code    manifest.Path `yaml:"code"`
	Message manifest.Path `yaml:"message"`
}

func decodeBulk(o manifest.Options) (*bulkOptions, manifest.Problems) {
	b := &bulkOptions{callOptions: callOptions{Method: "POST"}}
	return b, o.Decode(b)
}
