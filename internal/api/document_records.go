package api

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/busbar-dev/busbar/model"
)

// listOperation documents GET /v1/{entity}.
func (s *server) listOperation(e *model.Entity) huma.Operation {
	return huma.Operation{
		OperationID: "list-" + e.Name, Method: http.MethodGet, Path: "/v1/" + e.Name, Tags: []string{e.Title},
		Summary: "List " + strings.ToLower(e.Title),
		Description: "In change order: a record that changes while you page comes again later, none is missed. " +
			"Go on with next_cursor until it is null; to follow what changes from then on, use GET /v1/changes.",
		Responses: map[string]*huma.Response{"200": answer("One page of records.", object200(map[string]*huma.Schema{
			"data":        {Type: "array", Items: &huma.Schema{Ref: schemaRef(e.SchemaName())}},
			"next_cursor": cursorSchema(true),
			"meta":        {Ref: schemaRef("Meta")},
		}))},
	}
}

// getOperation documents GET /v1/{entity}/{id}.
func (s *server) getOperation(e *model.Entity) huma.Operation {
	return huma.Operation{
		OperationID: "get-" + hyphens(e.Singular), Method: http.MethodGet, Path: "/v1/" + e.Name + "/{id}", Tags: []string{e.Title},
		Summary: "Get " + article(e.Singular),
		Responses: map[string]*huma.Response{
			"200": answer("The record, bare.", &huma.Schema{Ref: schemaRef(e.SchemaName())}),
			"304": {Description: "The version named in If-None-Match is still the current one."},
		},
	}
}

// changesOperation documents GET /v1/changes.
func (s *server) changesOperation() huma.Operation {
	change := s.api.OpenAPI().Components.Schemas.Schema(typeOf[changeHead](), false, "Change")
	change.Properties["record"] = &huma.Schema{Type: "object", AdditionalProperties: true,
		Description: "The record as it is now; only with include=record."}
	s.api.OpenAPI().Components.Schemas.Map()["Change"] = change
	delete(s.api.OpenAPI().Components.Schemas.Map(), "ChangeHead")
	return huma.Operation{
		OperationID: "list-changes", Method: http.MethodGet, Path: "/v1/changes", Tags: []string{tagChanges},
		Summary: "Follow the changes of an entity",
		Description: "In commit order, deletes included. Save next_cursor after you have worked a page off: it is always given, and asking again with it goes on exactly there. " +
			"has_more false means that you have caught up; with wait the request is held until there is something new. " +
			"Versions of a record between two reads may be left out, the last one never is. After a reset of the entity: 410 cursor-expired.",
		Responses: map[string]*huma.Response{"200": answer("Changes after the cursor.", object200(map[string]*huma.Schema{
			"data":        {Type: "array", Items: &huma.Schema{Ref: schemaRef("Change")}},
			"has_more":    {Type: "boolean", Description: "Whether there are more changes already."},
			"next_cursor": cursorSchema(false),
			"meta":        {Ref: schemaRef("Meta")},
		}))},
	}
}

func answer(description string, schema *huma.Schema) *huma.Response {
	return &huma.Response{Description: description, Content: map[string]*huma.MediaType{"application/json": {Schema: schema}}}
}

func object200(properties map[string]*huma.Schema) *huma.Schema {
	required := []string{}
	for _, name := range []string{"data", "has_more", "next_cursor", "meta"} {
		if properties[name] != nil {
			required = append(required, name)
		}
	}
	return &huma.Schema{Type: "object", Properties: properties, Required: required}
}

func cursorSchema(nullable bool) *huma.Schema {
	if !nullable {
		return &huma.Schema{Type: "string", Description: "Where to go on; always given."}
	}
	return &huma.Schema{Type: "string", Nullable: true, Description: "Where to go on; null at the end of the list."}
}

func metaSchema() *huma.Schema {
	return &huma.Schema{Type: "object", Required: []string{"as_of", "connection_status", "unsupported_fields"}, Properties: map[string]*huma.Schema{
		"as_of":              {Type: "string", Format: "date-time", Nullable: true, Description: "When the last successful sync of the entity ended; null before the first."},
		"connection_status":  {Type: "string", Description: "The state of the connection: records stay readable while it is not well."},
		"unsupported_fields": {Type: "array", Items: &huma.Schema{Type: "string"}, Description: "Fields that the system cannot deliver; they are absent from the records."},
	}}
}

func schemaRef(name string) string { return "#/components/schemas/" + name }

func hyphens(words string) string { return strings.ReplaceAll(words, " ", "-") }

func article(singular string) string {
	if strings.ContainsAny(singular[:1], "aeio") {
		return "an " + singular
	}
	return "a " + singular
}

// schemaFrom takes over a schema of the model as it is, its properties in their order.
func schemaFrom(m *model.Schema) (*huma.Schema, error) {
	text, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	members := map[string]json.RawMessage{}
	if err := json.Unmarshal(text, &members); err != nil {
		return nil, err
	}
	s := &huma.Schema{Extensions: map[string]any{}}
	for name, value := range members {
		s.Extensions[name] = value
	}
	return s, nil
}
