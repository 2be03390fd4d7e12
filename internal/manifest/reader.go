package manifest

import (
	"reflect"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/busbar-dev/busbar/internal/strictyaml"
)

// Pos is a place in a manifest.
type Pos = strictyaml.Pos

// Problem is one thing wrong with a manifest, and how to mend it.
type Problem = strictyaml.Problem

// Problems is every problem of a manifest, in the order of its lines. It is an error when it is not empty.
type Problems = strictyaml.Problems

type decoder = strictyaml.Decoder

var (
	nodeType     = reflect.TypeFor[yaml.Node]()
	durationType = reflect.TypeFor[time.Duration]()
)

func suggest(word string, known []string) string { return strictyaml.Suggest(word, known) }

func describe(n *yaml.Node) string { return strictyaml.Describe(n) }

func child(n *yaml.Node, key string) *yaml.Node { return strictyaml.Child(n, key) }

func position(file string, node *yaml.Node, at []string) Pos {
	return strictyaml.Position(file, node, at)
}

func join(path, key string) string { return strictyaml.Join(path, key) }
