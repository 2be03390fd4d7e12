package manifest

import (
	"reflect"

	"go.yaml.in/yaml/v3"
)

// Options is a part of the manifest that belongs to the driver: it decodes it itself, with positions.
type Options struct {
	Node *yaml.Node // nil when the manifest has none
	File string
	Path string // where in the manifest: "entities.vendors.read"
}

// Decode fills the struct that v points to, by its yaml tags, and gives every problem at once: unknown keys, missing keys (fields
// tagged `manifest:"required"`), values of the wrong shape. Without options it checks for missing keys only.
func (o Options) Decode(v any) Problems {
	d := decoder{File: o.File}
	node := o.Node
	if node == nil {
		node = &yaml.Node{Kind: yaml.MappingNode, Line: 1, Column: 1}
	}
	d.Value(node, reflect.ValueOf(v).Elem(), o.Path)
	return d.Problems
}

// Gives tells whether the options have a key themselves, and not by default.
func (o Options) Gives(key string) bool { return o.Node != nil && child(o.Node, key) != nil }

// Problem makes a problem of the value at a place within the options (keys and list positions), for a driver's own checks.
// The position is that of the value, or of the nearest place around it that the manifest does have.
func (o Options) Problem(message, mend string, at ...string) Problem {
	path := o.Path
	for _, key := range at {
		path = join(path, key)
	}
	return Problem{Pos: position(o.File, o.Node, at), Path: path, Message: message, Mend: mend}
}

// Part gives what stands at a key of the options; its Node is nil when there is nothing.
func (o Options) Part(key string) Options {
	part := Options{File: o.File, Path: join(o.Path, key)}
	if o.Node != nil {
		part.Node = child(o.Node, key)
	}
	return part
}
