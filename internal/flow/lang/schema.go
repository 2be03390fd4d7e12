package lang

import (
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/busbar-dev/busbar/internal/strictyaml"
)

// SchemaFile is what the JSON Schema is called where a document refers to it.
const SchemaFile = "flow.schema.json"

type schema map[string]any

func refer(name string) schema { return schema{"$ref": "#/$defs/" + name} }

// Schema gives the JSON Schema (2020-12) of a flow, for editors: keys, words and shapes of the language. What it lets pass may still be wrong; Parse has the last word.
func Schema() ([]byte, error) {
	s := &schemaWriter{defs: schema{}}
	root := s.inline(reflect.TypeFor[flowForm]())
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "A flow of Busbar"
	root["$defs"] = s.defs
	text, err := json.MarshalIndent(root, "", " ")
	if err != nil {
		return nil, fmt.Errorf("write the schema of flows: %w", err)
	}
	return append(text, '\n'), nil
}

// schemaWriter collects the definitions that others refer to.
type schemaWriter struct{ defs schema }

// notation gives the schema of a type with a notation of its own.
func notation(t reflect.Type) schema {
	switch t {
	case reflect.TypeFor[Expr]():
		return schema{"description": "An expression, without ${ }.", "type": []string{"string", "boolean", "number"}, "not": schema{"type": "string", "pattern": `^\s*(\$\{|$)`}}
	case reflect.TypeFor[Value]():
		return schema{"description": "A value; texts in it may hold expressions as ${...}."}
	case reflect.TypeFor[span]():
		return schema{"type": "string", "pattern": spanPattern, "examples": []string{"15m"}}
	case reflect.TypeFor[limit]():
		return schema{"anyOf": []schema{{"type": "integer", "minimum": 1}, {"type": "string", "pattern": sharePattern + "|^[1-9][0-9]*$"}}, "examples": []string{"20%"}}
	case reflect.TypeFor[source]():
		return schema{"description": "The id of a list step, or an expression that gives a list.", "type": "string", "minLength": 1}
	}
	return nil
}

// keyed is a table: its keys are the author's own.
type keyed interface{ element() reflect.Type }

func (table[T]) element() reflect.Type { return reflect.TypeFor[T]() }

func (s *schemaWriter) of(t reflect.Type) schema {
	if made := notation(t); made != nil {
		return s.named(t.Name(), func() schema { return made })
	}
	if k, ok := reflect.Zero(t).Interface().(keyed); ok {
		return schema{"type": "object", "additionalProperties": s.of(k.element())}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return s.of(t.Elem())
	case reflect.Struct:
		return s.named(t.Name(), func() schema { return s.inline(t) })
	case reflect.Slice:
		return schema{"type": "array", "items": s.of(t.Elem())}
	case reflect.Bool:
		return schema{"type": "boolean"}
	case reflect.String:
		return schema{"type": []string{"string", "number", "boolean"}}
	}
	return schema{"type": "integer"}
}

// named refers to a definition that is made once.
func (s *schemaWriter) named(name string, make func() schema) schema {
	if _, ok := s.defs[name]; !ok {
		s.defs[name] = schema{}
		s.defs[name] = make()
	}
	return refer(name)
}

// inline gives the schema of a form.
func (s *schemaWriter) inline(t reflect.Type) schema {
	properties, required := schema{}, []string{}
	fields, names := strictyaml.FieldsOf(reflect.New(t).Elem())
	for _, name := range names {
		f := fields[name]
		properties[name] = s.of(f.Value.Type())
		if f.Words != nil {
			properties[name] = schema{"enum": f.Words}
			if f.Value.Kind() == reflect.Slice {
				properties[name] = schema{"type": "array", "items": schema{"enum": f.Words}}
			}
		}
		if f.Required {
			required = append(required, name)
		}
	}
	made := schema{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		made["required"] = required
	}
	refine(t, made, properties)
	return made
}

// refine says what holds between the keys of a form.
func refine(t reflect.Type, made, properties schema) {
	just := func(keys ...string) (ways []schema) {
		for _, key := range keys {
			ways = append(ways, schema{"required": []string{key}})
		}
		return ways
	}
	switch t {
	case reflect.TypeFor[flowForm]():
		properties["flow"] = schema{"type": "string", "pattern": namePattern}
		properties["connections"].(schema)["propertyNames"] = schema{"pattern": rolePattern}
		properties["parameters"].(schema)["propertyNames"] = schema{"pattern": idPattern}
		properties["steps"].(schema)["minItems"] = 1
	case reflect.TypeFor[stepForm]():
		properties["id"] = schema{"type": "string", "pattern": idPattern}
		made["oneOf"] = just(Kinds()...)
	case reflect.TypeFor[triggerForm]():
		made["oneOf"] = just("schedule", "change", "webhook")
	case reflect.TypeFor[scheduleForm]():
		made["oneOf"] = just("cron", "every")
	case reflect.TypeFor[waitForm]():
		made["oneOf"] = just("for", "until")
	case reflect.TypeFor[notifyForm]():
		made["oneOf"] = just("webhook", "email")
	}
}
