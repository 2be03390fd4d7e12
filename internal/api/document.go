package api

import (
	"fmt"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/busbar-dev/busbar/model"
)

// OpenAPI gives the document of every route under /v1, without a database: the same for the same model.
func OpenAPI(m *model.Model) (*huma.OpenAPI, error) {
	s, err := build(Deps{Model: m})
	if err != nil {
		return nil, err
	}
	return s.api.OpenAPI(), nil
}

// YAML gives the document as it is committed and served at /openapi.yaml.
func YAML(m *model.Model) ([]byte, error) {
	doc, err := OpenAPI(m)
	if err != nil {
		return nil, err
	}
	text, err := doc.YAML()
	if err != nil {
		return nil, fmt.Errorf("write the OpenAPI document: %w", err)
	}
	return append([]byte("# Written by `go run ./internal/api/gen`. Do not edit.\n"), text...), nil
}

// The tags, which are the chapters of the reference.
const (
	tagConnection  = "This connection"
	tagChanges     = "Changes"
	tagSyncs       = "Syncs"
	tagOperations  = "Operations"
	tagSystems     = "Systems"
	tagConnections = "Connections"
	tagKeys        = "Master key"
	tagMembers     = "Members"
	tagLinks       = "Links"
	tagFlows       = "Flows"
	tagProject     = "Project"
)

const introduction = `One API in front of every industrial system. A **connection** is one customer's instance of a system; its **token** reads and syncs that connection and nothing else.

1. ` + "`POST /v1/connections`" + ` with a project key connects a system and gives a token.
2. ` + "`GET /v1/purchase-orders`" + ` with that token lists records, the same way whatever system stands behind.
3. ` + "`GET /v1/changes?entity=purchase-orders`" + ` follows what changes.

Errors are ` + "`application/problem+json`" + ` with a stable ` + "`code`" + `; each code has [a page](/docs/problems/). Every answer carries ` + "`Request-Id`" + `.`

// configuration is what the router and the document start from.
func configuration(transformers ...huma.Transformer) huma.Config {
	registry := huma.NewMapRegistry("#/components/schemas/", schemaName)
	format := huma.Format{Marshal: huma.DefaultJSONFormat.Marshal, Unmarshal: unmarshal}
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{Title: "Busbar", Version: "1", Description: introduction,
				License: &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"}},
			Servers:    []*huma.Server{{URL: "/", Description: "This server"}},
			Components: &huma.Components{Schemas: registry, SecuritySchemes: securitySchemes(), Responses: map[string]*huma.Response{}},
		},
		Formats:       map[string]huma.Format{"application/json": format, "json": format},
		DefaultFormat: "application/json",
		Transformers:  transformers,
	}
}

func securitySchemes() map[string]*huma.SecurityScheme {
	return map[string]*huma.SecurityScheme{
		"connectionToken": {Type: "http", Scheme: "bearer", BearerFormat: "bb_con_…",
			Description: "A connection token. It selects its connection; it sees that one and nothing else."},
		"projectKey": {Type: "http", Scheme: "bearer", BearerFormat: "bb_key_…",
			Description: "A project key. On the data plane it names the connection in the header Busbar-Connection."},
		"session": {Type: "apiKey", In: "cookie", Name: sessionCookie,
			Description: "A member who logged in with a browser, for pages of this server. Its role says which scopes it has. Requests other than GET come from the same origin and carry Busbar-Request: 1."},
	}
}

// describeModel adds the schemas of the entities and of a problem, and the chapters.
func (s *server) describeModel() error {
	doc := s.api.OpenAPI()
	schemas := doc.Components.Schemas
	doc.Components.Responses["Problem"] = &huma.Response{
		Description: "What went wrong and what to do next.",
		Content:     map[string]*huma.MediaType{problemType: {Schema: schemas.Schema(typeOf[problemDocument](), true, "Problem")}},
	}
	schemas.Map()["Meta"] = metaSchema()
	doc.Tags = []*huma.Tag{
		{Name: tagConnection, Description: "What the caller's own connection is and can do."},
		{Name: tagChanges, Description: "The change feed: every change of an entity in commit order, deletes included."},
		{Name: tagSyncs, Description: "How and when entities are synced, and the runs that did it."},
		{Name: tagOperations, Description: "Writes and batches of writes, with what became of every item."},
		{Name: tagSystems, Description: "The systems that Busbar can connect, with their forms and capability matrices."},
		{Name: tagConnections, Description: "Connections and their tokens, by project key."},
		{Name: tagKeys, Description: "Rotation of the key that everything sealed depends on, for owners."},
		{Name: tagMembers, Description: "The people who work with the project, their roles, invitations and sessions."},
		{Name: tagLinks, Description: "Links by which customers connect a system themselves."},
		{Name: tagFlows, Description: "Work that goes on by itself: flows, their runs, and what became of every item."},
		{Name: tagProject, Description: "The project: its keys, its settings, and what was done in it by whom."},
	}
	for _, e := range s.Model.Entities {
		doc.Tags = append(doc.Tags, &huma.Tag{Name: e.Title, Description: e.Meaning})
	}
	for _, e := range s.Model.Entities {
		schemas.Map()[batchSchemaName(e)] = batchSchema(e)
	}
	doc.Components.Headers, doc.Components.Responses[goesOn] = writeHeaders(), operationResponse()
	for _, named := range slices.Concat(s.Model.Schemas(), s.Model.WriteSchemas()) {
		schema, err := schemaFrom(named.Schema)
		if err != nil {
			return fmt.Errorf("schema %s of the model: %w", named.Name, err)
		}
		if _, taken := schemas.Map()[named.Name]; taken {
			return fmt.Errorf("the schema name %s of the model is taken by the API", named.Name)
		}
		schemas.Map()[named.Name] = schema
	}
	return nil
}
