// Package strictyaml owns how documents in YAML are read strictly: every key and value that does not fit is told with its place and its mend, all at once. It must not know any language
// that is written in YAML.
package strictyaml

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Decoder fills Go values from YAML nodes and collects what does not fit, with positions.
type Decoder struct {
	File     string
	Problems Problems

	around []string // keys of the mapping around the one that is read
}

var (
	nodeType     = reflect.TypeFor[yaml.Node]()
	durationType = reflect.TypeFor[time.Duration]()
)

// SelfDecoder is a type with a notation of its own.
type SelfDecoder interface {
	DecodeYAML(d *Decoder, n *yaml.Node, path string)
}

// Worded is a type of text that is one of a closed list.
type Worded interface {
	Words() []string
}

// WordsOfType gives the closed list of a type; nil for one that has none.
func WordsOfType(t reflect.Type) []string {
	if w, ok := reflect.Zero(t).Interface().(Worded); ok {
		return w.Words()
	}
	return nil
}

func decodesItself(v reflect.Value) bool {
	_, ok := v.Addr().Interface().(SelfDecoder)
	return ok
}

// Report notes what is wrong at a node.
func (d *Decoder) Report(n *yaml.Node, path, message, mend string) {
	pos := Pos{File: d.File, Line: n.Line, Column: n.Column}
	d.Problems = append(d.Problems, Problem{Pos: pos, Path: path, Message: message, Mend: mend})
}

// Value fills v from a node.
func (d *Decoder) Value(n *yaml.Node, v reflect.Value, path string) {
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		d.Report(n, path, "anchors and aliases are not part of the language", "write the value out")
	case decodesItself(v):
		v.Addr().Interface().(SelfDecoder).DecodeYAML(d, n, path)
	case v.Type() == nodeType:
		v.Set(reflect.ValueOf(*n))
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.Value(n, v.Elem(), path)
	case v.Kind() == reflect.Struct:
		d.structure(n, v, path)
	case v.Kind() == reflect.Map:
		d.table(n, v, path)
	case v.Kind() == reflect.Slice:
		d.list(n, v, path)
	default:
		d.scalar(n, v, path)
	}
}

func (d *Decoder) structure(n *yaml.Node, v reflect.Value, path string) {
	fields, names := FieldsOf(v)
	outer := d.around
	defer func() { d.around = outer }()
	seen := map[string]bool{}
	d.Members(n, path, func(key, value *yaml.Node) {
		seen[key.Value] = true
		if f, ok := fields[key.Value]; ok {
			d.around = names
			d.Value(value, f.Value, Join(path, key.Value))
			d.word(value, f.Words, Join(path, key.Value))
			return
		}
		d.Report(key, Join(path, key.Value), "unknown key", misplaced(path, key.Value, names, outer))
	})
	for _, name := range names {
		if fields[name].Required && !seen[name] && n.Kind == yaml.MappingNode {
			d.Report(n, Join(path, name), "is missing", "write "+name+": ...")
		}
	}
}

// misplaced says where an unknown key goes: beside the mapping that it stands in, where it is known there, or what it may have meant.
func misplaced(path, key string, names, outer []string) string {
	if at := path[strings.LastIndex(path, ".")+1:]; slices.Contains(outer, key) {
		return "write it beside " + at + ", not in it"
	}
	return Suggest(key, names)
}

func (d *Decoder) table(n *yaml.Node, v reflect.Value, path string) {
	defer d.alone()()
	v.Set(reflect.MakeMap(v.Type()))
	d.Members(n, path, func(key, value *yaml.Node) {
		k, e := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		d.scalar(key, k, Join(path, key.Value))
		d.Value(value, e, Join(path, key.Value))
		v.SetMapIndex(k, e)
	})
}

// alone lets what is read stand beside no keys of the language, until it is undone.
func (d *Decoder) alone() (undo func()) {
	outer := d.around
	d.around = nil
	return func() { d.around = outer }
}

// Members visits the pairs of a mapping; a key written twice is a problem.
func (d *Decoder) Members(n *yaml.Node, path string, visit func(key, value *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		d.Report(n, path, "wants keys and values, this is "+Describe(n), "")
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		switch {
		case key.Kind != yaml.ScalarNode || key.Tag == "!!merge":
			d.Report(key, path, "a key must be plain text", "")
		case seen[key.Value]:
			d.Report(key, Join(path, key.Value), "is written twice", "keep one")
		default:
			visit(key, n.Content[i+1])
		}
		seen[key.Value] = true
	}
}

func (d *Decoder) list(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.SequenceNode {
		d.Report(n, path, "wants a list, this is "+Describe(n), "write [...]")
		return
	}
	defer d.alone()()
	v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
	for i, item := range n.Content {
		d.Value(item, v.Index(i), Join(path, strconv.Itoa(i)))
	}
}

func (d *Decoder) scalar(n *yaml.Node, v reflect.Value, path string) {
	if v.Kind() != reflect.Interface && (n.Kind != yaml.ScalarNode || n.Tag == "!!null") {
		d.Report(n, path, fmt.Sprintf("wants %s, this is %s", wanted(v.Type()), Describe(n)), "")
		return
	}
	if err := n.Decode(v.Addr().Interface()); err != nil {
		d.Report(n, path, fmt.Sprintf("wants %s, this is %q", wanted(v.Type()), n.Value), "")
		return
	}
	d.word(n, WordsOfType(v.Type()), path)
}

// word checks a text, or each of a list, that is one of a closed list.
func (d *Decoder) word(n *yaml.Node, words []string, path string) {
	if words != nil && n.Kind == yaml.SequenceNode {
		for i, item := range n.Content {
			d.word(item, words, Join(path, strconv.Itoa(i)))
		}
	}
	if words != nil && n.Kind == yaml.ScalarNode && !slices.Contains(words, n.Value) {
		d.Report(n, path, "unknown word "+strconv.Quote(n.Value), Suggest(n.Value, words))
	}
}

// Field is a key of a struct. Its tags are `strict:"required"` (or `manifest:"required"`) and `words:"one,another"`, a closed list of what a text may be.
type Field struct {
	Value    reflect.Value
	Required bool
	Words    []string
}

// FieldsOf lists the fields of a struct by their names in the document, those of inlined structs among them.
func FieldsOf(v reflect.Value) (map[string]Field, []string) {
	fields, names := map[string]Field{}, []string{}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name, option, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case option == "inline":
			inner, order := FieldsOf(v.Field(i))
			for _, n := range order {
				fields[n] = inner[n]
			}
			names = append(names, order...)
		case name != "-" && f.IsExported():
			if name == "" {
				name = strings.ToLower(f.Name)
			}
			fields[name] = Field{v.Field(i), isRequired(f), wordsOf(f)}
			names = append(names, name)
		}
	}
	return fields, names
}

func isRequired(f reflect.StructField) bool {
	return f.Tag.Get("strict") == "required" || f.Tag.Get("manifest") == "required"
}

func wordsOf(f reflect.StructField) []string {
	if text := f.Tag.Get("words"); text != "" {
		return strings.Split(text, ",")
	}
	return nil
}

func wanted(t reflect.Type) string {
	switch {
	case t == durationType:
		return "a time span such as 15m"
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() == reflect.Float64:
		return "a number"
	case t.Kind() == reflect.String:
		return "a text"
	}
	return "a whole number"
}

func Describe(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "keys and values"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Tag == "!!null":
		return "empty"
	}
	return strconv.Quote(n.Value)
}

// Child gives the value of a key of a mapping, or the element at a position of a list; nil when there is none.
func Child(n *yaml.Node, key string) *yaml.Node {
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == key {
				return n.Content[i+1]
			}
		}
	case yaml.SequenceNode:
		if i, err := strconv.Atoi(key); err == nil && i >= 0 && i < len(n.Content) {
			return n.Content[i]
		}
	}
	return nil
}
