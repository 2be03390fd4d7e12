package manifest

import (
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/busbar-dev/busbar/internal/strictyaml"
	"github.com/busbar-dev/busbar/model"
)

// Forms are the structs that a driver decodes its parts of a manifest into. A part that is nil takes nothing.
type Forms struct {
	Connect any // `connect:`
	Read    any // an entity's `read:`
	Hot     any // `hot.read:`
	Send    any // `send:` of an operation
	Move    any // `send:` of a change of status
	Bulk    any // `bulk.send:`
	Find    any // `find:` of a rung

	TLS     bool   // systems are reached over TLS: their logins have the fields for it
	Starter string // a manifest of the system acme to begin with, which has no mistakes
}

// Keys lists every key that a manifest can write in the driver's parts, in order.
func (f Forms) Keys() []string {
	keys := map[string]bool{}
	for _, form := range []any{f.Connect, f.Read, f.Hot, f.Send, f.Move, f.Bulk, f.Find} {
		if form != nil {
			keysOf(reflect.TypeOf(form), keys)
		}
	}
	return sorted(keys)
}

func keysOf(t reflect.Type, keys map[string]bool) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		keysOf(t.Elem(), keys)
	case reflect.Struct:
		if t == nodeType {
			return
		}
		fields, names := strictyaml.FieldsOf(reflect.New(t).Elem())
		for _, name := range names {
			if known := keys[name]; !known {
				keys[name] = true
				keysOf(fields[name].Value.Type(), keys)
			}
		}
	}
}

// SchemaFile is what the JSON Schema is called where a manifest refers to it.
const SchemaFile = "manifest.schema.json"

// Schema gives the JSON Schema (2020-12) of a manifest, for editors: keys, words and shapes of the language, the fields of the model, and the options of each driver. What it
// lets pass may still be wrong; `busbar connector check` has the last word.
func Schema(m *model.Model, drivers map[string]Forms) ([]byte, error) {
	s := &schemaWriter{model: m, defs: schema{}}
	root := s.inline(reflect.TypeFor[systemForm]())
	properties := root["properties"].(schema)
	properties["driver"] = schema{"enum": sorted(drivers)}
	properties["entities"] = s.entities()
	var ways []schema
	for _, name := range sorted(drivers) {
		ways = append(ways, s.way(name, drivers[name]))
	}
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "Manifest of a Busbar connector"
	root["allOf"] = ways
	root["$defs"] = s.defs
	text, err := json.Marshal(root)
	if err != nil {
		return nil, fmt.Errorf("write the schema of manifests: %w", err)
	}
	return append(text, '\n'), nil
}

type schema map[string]any

func ref(name string) schema { return schema{"$ref": "#/$defs/" + name} }

// schemaWriter collects the definitions that others refer to.
type schemaWriter struct {
	model *model.Model
	defs  schema
}

// named refers to a definition that is made once.
func (s *schemaWriter) named(name string, make func() schema) schema {
	if _, ok := s.defs[name]; !ok {
		s.defs[name] = make()
	}
	return ref(name)
}

// of gives the schema of what a Go type is decoded from.
func (s *schemaWriter) of(t reflect.Type) schema {
	switch t {
	case nodeType:
		return schema{}
	case durationType:
		return schema{"type": "string", "pattern": `^-?([0-9.]+(ns|us|µs|ms|s|m|h))+$`, "examples": []string{"15m"}}
	case reflect.TypeFor[Path]():
		s.defs["path"] = schema{"type": []string{"string", "integer"}, "description": "A path: member names with / between them."}
		return ref("path")
	case reflect.TypeFor[paths]():
		path := s.of(reflect.TypeFor[Path]())
		s.defs["paths"] = schema{"anyOf": []schema{path, {"type": "array", "items": path, "minItems": 1}}}
		return ref("paths")
	case reflect.TypeFor[whenForm]():
		return schema{"anyOf": []schema{{"enum": []string{"always", "never"}}, {"type": "object", "properties": schema{"status": texts()}, "required": []string{"status"}, "additionalProperties": false}}}
	case reflect.TypeFor[picklistForm]():
		return schema{"anyOf": []schema{texts(), {"type": "object", "properties": schema{"entity": schema{"enum": s.model.Names()}, "field": schema{"type": "string"}},
			"required": []string{"entity", "field"}, "additionalProperties": false}}}
	}
	return s.shape(t)
}

func texts() schema { return schema{"type": "array", "items": schema{"type": "string"}} }

func (s *schemaWriter) shape(t reflect.Type) schema {
	if words := strictyaml.WordsOfType(t); words != nil {
		return s.named(t.String(), func() schema { return schema{"enum": words} })
	}
	switch t.Kind() {
	case reflect.Pointer:
		return s.of(t.Elem())
	case reflect.Struct:
		return s.object(t)
	case reflect.Map:
		return schema{"type": "object", "additionalProperties": s.of(t.Elem())}
	case reflect.Slice:
		return schema{"type": "array", "items": s.of(t.Elem())}
	case reflect.Bool:
		return schema{"type": "boolean"}
	case reflect.Float64, reflect.Float32:
		return schema{"type": "number"}
	case reflect.String:
		return schema{"type": []string{"string", "number", "boolean"}}
	case reflect.Interface:
		return schema{}
	}
	return schema{"type": "integer"}
}

// object refers to the schema of a struct's keys, which is written once.
func (s *schemaWriter) object(t reflect.Type) schema {
	name := t.String()
	if _, ok := s.defs[name]; !ok {
		s.defs[name] = schema{}
		s.defs[name] = s.inline(t)
	}
	return ref(name)
}

// inline gives the schema of a struct's keys, to be refined.
func (s *schemaWriter) inline(t reflect.Type) schema {
	properties, required := schema{}, []string{}
	s.members(t, properties, &required)
	made := schema{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		made["required"] = required
	}
	return made
}

func (s *schemaWriter) members(t reflect.Type, properties schema, required *[]string) {
	fields, names := strictyaml.FieldsOf(reflect.New(t).Elem())
	for _, name := range names {
		properties[name] = s.of(fields[name].Value.Type())
		if words := fields[name].Words; words != nil {
			properties[name] = schema{"enum": words}
			if fields[name].Value.Kind() == reflect.Slice {
				properties[name] = schema{"type": "array", "items": schema{"enum": words}}
			}
		}
		if fields[name].Required {
			*required = append(*required, name)
		}
	}
}

// entities gives the schema of every entity of the model; what is the driver's takes anything here.
func (s *schemaWriter) entities() schema {
	properties := schema{}
	for _, name := range s.model.Names() {
		e := s.model.Entity(name)
		properties[name] = schema{"allOf": []schema{s.of(reflect.TypeFor[entityForm]()), {"properties": schema{"fields": s.fields(e.Fields)}}}, "description": e.Meaning}
	}
	return schema{"type": "object", "properties": properties, "additionalProperties": false, "minProperties": 1}
}

// fields gives the schema of the mapping of fields.
func (s *schemaWriter) fields(fields []*model.Field) schema {
	properties := schema{}
	for _, f := range fields {
		one := s.field(f)
		if f.Meaning != "" {
			one = schema{"allOf": []schema{one}, "description": f.Meaning}
		}
		properties[f.Name] = one
	}
	return schema{"type": "object", "properties": properties, "additionalProperties": false}
}

func (s *schemaWriter) field(f *model.Field) schema {
	path := s.of(reflect.TypeFor[Path]())
	or := func(form reflect.Type) schema {
		return s.named("value."+form.Name(), func() schema { return schema{"anyOf": []schema{path, s.of(form)}} })
	}
	switch f.Kind {
	case model.Money:
		return s.parts(f, "amount")
	case model.Quantity:
		return s.parts(f, "value")
	case model.Address, model.Contact, model.Link:
		return s.parts(f, "")
	case model.Object:
		return s.fields(f.Fields)
	case model.List:
		return s.list(f)
	case model.Map:
		return or(reflect.TypeFor[pathForm]())
	case model.Enum:
		return s.words(f)
	case model.Duration:
		return or(reflect.TypeFor[spanForm]())
	case model.Decimal, model.Integer, model.Ref, model.Refs:
		return or(reflect.TypeFor[typedForm]())
	}
	if len(f.Values) > 0 {
		return s.words(f)
	}
	return or(reflect.TypeFor[plainForm]())
}

// words gives the schema of a field with a closed list: its rows lead to words of the model.
func (s *schemaWriter) words(f *model.Field) schema {
	form := s.inline(reflect.TypeFor[wordForm]())
	var known []string
	for _, v := range f.Values {
		known = append(known, v.Name)
	}
	form["properties"].(schema)["values"] = schema{"type": "object", "additionalProperties": schema{"enum": known}}
	return schema{"anyOf": []schema{s.of(reflect.TypeFor[Path]()), form}}
}

// parts gives the schema of a value with members. alone names the member that a bare path stands for.
func (s *schemaWriter) parts(f *model.Field, alone string) schema {
	part := s.named("part", func() schema {
		return schema{"anyOf": []schema{s.of(reflect.TypeFor[paths]()), s.of(reflect.TypeFor[partForm]())}}
	})
	properties := schema{}
	kind := (&FieldMap{Field: f}).valueKind()
	for _, member := range s.model.Kind(kind).Fields {
		if member.Name != "unit_code" {
			properties[member.Name] = part
		}
	}
	form := schema{"type": "object", "properties": properties, "additionalProperties": false, "minProperties": 1}
	if alone == "" {
		return s.named("value."+string(kind), func() schema { return form })
	}
	form["required"] = []string{alone}
	return s.named("value."+string(kind), func() schema { return schema{"anyOf": []schema{s.of(reflect.TypeFor[Path]()), form}} })
}

func (s *schemaWriter) list(f *model.Field) schema {
	kind := f.Items.Kind
	if kind != model.Object && s.model.Kind(kind).Fields == nil {
		return schema{"anyOf": []schema{s.of(reflect.TypeFor[Path]()), s.of(reflect.TypeFor[pathForm]())}}
	}
	form := s.inline(reflect.TypeFor[listForm]())
	inner := s.parts(f, "")
	if kind == model.Object {
		inner = s.fields(f.Items.Fields)
	}
	form["properties"].(schema)["fields"] = inner
	return form
}

// way gives what holds of a manifest with one driver: its options, wherever they stand.
func (s *schemaWriter) way(name string, f Forms) schema {
	at := map[string]schema{}
	for part, form := range map[string]any{"connect": f.Connect, "read": f.Read, "hot": f.Hot, "send": f.Send, "move": f.Move, "bulk": f.Bulk, "find": f.Find} {
		at[part] = s.part("driver."+name+"."+part, form)
	}
	in := func(key string, of schema) schema { return schema{"properties": schema{key: of}} }
	operation := schema{"properties": schema{
		"send": at["send"], "bulk": in("send", at["bulk"]), "reconcile": schema{"items": in("find", at["find"])},
	}}
	entity := schema{"properties": schema{
		"read": at["read"], "hot": in("read", at["hot"]), "moves": schema{"items": in("send", at["move"])},
		"operations": schema{"additionalProperties": operation},
	}}
	return schema{
		"if":   schema{"properties": schema{"driver": schema{"const": name}}, "required": []string{"driver"}},
		"then": schema{"properties": schema{"connect": at["connect"], "entities": schema{"additionalProperties": entity}}},
	}
}

// part puts the options of a driver's part among the definitions. What is written in one place may be left out in another (a rung's options of update, lists of all entities),
// so only the driver's own check knows what is missing.
func (s *schemaWriter) part(name string, form any) schema {
	if form == nil {
		return schema{"type": "object", "maxProperties": 0}
	}
	of := s.inline(reflect.TypeOf(form))
	delete(of, "required")
	s.defs[name] = of
	return ref(name)
}
