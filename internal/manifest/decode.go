package manifest

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// decoder fills Go values from YAML nodes and collects what does not fit, with positions.
type decoder struct {
	file     string
	problems Problems
}

var (
	nodeType     = reflect.TypeFor[yaml.Node]()
	durationType = reflect.TypeFor[time.Duration]()
)

// selfDecoder is a type with a notation of its own.
type selfDecoder interface {
	decode(d *decoder, n *yaml.Node, path string)
}

// worded is a type of text that is one of a closed list.
type worded interface {
	Words() []string
}

// wordsOfType gives the closed list of a type; nil for one that has none.
func wordsOfType(t reflect.Type) []string {
	if w, ok := reflect.Zero(t).Interface().(worded); ok {
		return w.Words()
	}
	return nil
}

func decodesItself(v reflect.Value) bool {
	_, ok := v.Addr().Interface().(selfDecoder)
	return ok
}

func (d *decoder) report(n *yaml.Node, path, message, mend string) {
	pos := Pos{File: d.file, Line: n.Line, Column: n.Column}
	d.problems = append(d.problems, Problem{Pos: pos, Path: path, Message: message, Mend: mend})
}

func (d *decoder) value(n *yaml.Node, v reflect.Value, path string) {
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		d.report(n, path, "anchors and aliases are not part of the language", "write the value out")
	case decodesItself(v):
		v.Addr().Interface().(selfDecoder).decode(d, n, path)
	case v.Type() == nodeType:
		v.Set(reflect.ValueOf(*n))
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.value(n, v.Elem(), path)
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

func (d *decoder) structure(n *yaml.Node, v reflect.Value, path string) {
	fields, names := fieldsOf(v)
	seen := map[string]bool{}
	d.members(n, path, func(key, value *yaml.Node) {
		seen[key.Value] = true
		if f, ok := fields[key.Value]; ok {
			d.value(value, f.value, join(path, key.Value))
			d.word(value, f.words, join(path, key.Value))
			return
		}
		d.report(key, join(path, key.Value), "unknown key", suggest(key.Value, names))
	})
	for _, name := range names {
		if fields[name].required && !seen[name] && n.Kind == yaml.MappingNode {
			d.report(n, join(path, name), "is missing", "write "+name+": ...")
		}
	}
}

func (d *decoder) table(n *yaml.Node, v reflect.Value, path string) {
	v.Set(reflect.MakeMap(v.Type()))
	d.members(n, path, func(key, value *yaml.Node) {
		k, e := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		d.scalar(key, k, join(path, key.Value))
		d.value(value, e, join(path, key.Value))
		v.SetMapIndex(k, e)
	})
}

// members visits the pairs of a mapping; a key written twice is a problem.
func (d *decoder) members(n *yaml.Node, path string, visit func(key, value *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		d.report(n, path, "wants keys and values, this is "+describe(n), "")
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		switch {
		case key.Kind != yaml.ScalarNode || key.Tag == "!!merge":
			d.report(key, path, "a key must be plain text", "")
		case seen[key.Value]:
			d.report(key, join(path, key.Value), "is written twice", "keep one")
		default:
			visit(key, n.Content[i+1])
		}
		seen[key.Value] = true
	}
}

func (d *decoder) list(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.SequenceNode {
		d.report(n, path, "wants a list, this is "+describe(n), "write [...]")
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
	for i, item := range n.Content {
		d.value(item, v.Index(i), join(path, strconv.Itoa(i)))
	}
}

func (d *decoder) scalar(n *yaml.Node, v reflect.Value, path string) {
	if v.Kind() != reflect.Interface && (n.Kind != yaml.ScalarNode || n.Tag == "!!null") {
		d.report(n, path, fmt.Sprintf("wants %s, this is %s", wanted(v.Type()), describe(n)), "")
		return
	}
	if err := n.Decode(v.Addr().Interface()); err != nil {
		d.report(n, path, fmt.Sprintf("wants %s, this is %q", wanted(v.Type()), n.Value), "")
		return
	}
	d.word(n, wordsOfType(v.Type()), path)
}

// word checks a text, or each of a list, that is one of a closed list.
func (d *decoder) word(n *yaml.Node, words []string, path string) {
	if words != nil && n.Kind == yaml.SequenceNode {
		for i, item := range n.Content {
			d.word(item, words, join(path, strconv.Itoa(i)))
		}
	}
	if words != nil && n.Kind == yaml.ScalarNode && !slices.Contains(words, n.Value) {
		d.report(n, path, "unknown word "+strconv.Quote(n.Value), suggest(n.Value, words))
	}
}

// decodeField is a key of a struct. Its tags are `manifest:"required"` and `words:"one,another"`, a closed list of what a text may be.
type decodeField struct {
	value    reflect.Value
	required bool
	words    []string
}

// fieldsOf lists the fields of a struct by their names in the manifest, those of inlined structs among them.
func fieldsOf(v reflect.Value) (map[string]decodeField, []string) {
	fields, names := map[string]decodeField{}, []string{}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name, option, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case option == "inline":
			inner, order := fieldsOf(v.Field(i))
			for _, n := range order {
				fields[n] = inner[n]
			}
			names = append(names, order...)
		case name != "-" && f.IsExported():
			if name == "" {
				name = strings.ToLower(f.Name)
			}
			fields[name] = decodeField{v.Field(i), f.Tag.Get("manifest") == "required", wordsOf(f)}
			names = append(names, name)
		}
	}
	return fields, names
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

func describe(n *yaml.Node) string {
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

// child gives the value of a key of a mapping, or the element at a position of a list; nil when there is none.
func child(n *yaml.Node, key string) *yaml.Node {
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
