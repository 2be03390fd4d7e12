package api

import (
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// tidyDocument removes what the router adds for itself and adds what it cannot know.
func (s *server) tidyDocument() {
	doc := s.api.OpenAPI()
	delete(doc.Components.Schemas.Map(), "ErrorModel")
	delete(doc.Components.Schemas.Map(), "ErrorDetail")
	for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
		for _, op := range operationsOf(doc.Paths[path]) {
			delete(op.Responses, "422")
			delete(op.Responses, "500")
			plainRefs(op)
			describeConnectionHeader(op)
			describeKey(op)
		}
	}
	taken := requestSchemas(doc)
	for name, schema := range doc.Components.Schemas.Map() {
		if t := doc.Components.Schemas.TypeFromRef(schemaRef(name)); t != nil {
			plainLists(schema)
			if !taken[name] {
				answerSchema(schema, t)
			}
		}
	}
	s.shareParameters(doc)
	doc.Extensions = map[string]any{"x-tagGroups": s.chapters()}
}

func operationsOf(p *huma.PathItem) map[string]*huma.Operation {
	all := map[string]*huma.Operation{
		http.MethodGet: p.Get, http.MethodPost: p.Post, http.MethodPatch: p.Patch, http.MethodPut: p.Put, http.MethodDelete: p.Delete,
	}
	maps.DeleteFunc(all, func(_ string, op *huma.Operation) bool { return op == nil })
	return all
}

// plainRefs takes from shared answers the description that the router adds.
func plainRefs(op *huma.Operation) {
	for _, r := range op.Responses {
		if r.Ref != "" {
			r.Description = ""
		}
	}
}

// describeConnectionHeader names the header with which a project key chooses the connection.
func describeConnectionHeader(op *huma.Operation) {
	need := accessOf(op)
	if !need.plane.serves() {
		return
	}
	without := ""
	if need.plane == widePlane {
		without = " Without it: all connections of the project."
	}
	op.Parameters = append(op.Parameters, &huma.Param{
		Name: connectionHeader, In: "header", Schema: &huma.Schema{Type: "string"},
		Description: "With a project key: the connection to work on. A connection token does not need it." + without,
	})
}

// describeKey adds the header that makes a request safe to repeat.
func describeKey(op *huma.Operation) {
	if op.Method != http.MethodGet && !strings.HasSuffix(op.Path, "/validate") {
		op.Parameters = append(op.Parameters, keyParam())
	}
}

// requestSchemas names the schemas of bodies that we take.
func requestSchemas(doc *huma.OpenAPI) map[string]bool {
	names := map[string]bool{}
	for _, path := range doc.Paths {
		for _, op := range operationsOf(path) {
			if op.RequestBody == nil {
				continue
			}
			for _, media := range op.RequestBody.Content {
				names[strings.TrimPrefix(media.Schema.Ref, schemaRef(""))] = true
			}
		}
	}
	return names
}

// plainLists says that a list is a list: null is neither sent nor taken for one.
func plainLists(schema *huma.Schema) {
	for _, p := range schema.Properties {
		if p.Type == huma.TypeArray {
			p.Nullable = false
		}
	}
}

// answerSchema leaves room for members to come, and says of members that are objects or null that they may be null.
func answerSchema(schema *huma.Schema, t reflect.Type) {
	schema.AdditionalProperties = nil
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		p := schema.Properties[name]
		if p == nil || p.Ref == "" || f.Type.Kind() != reflect.Pointer || options == "omitempty" {
			continue
		}
		schema.Properties[name] = &huma.Schema{Description: p.Description, AnyOf: []*huma.Schema{{Ref: p.Ref}, {Type: "null"}}}
	}
}

// shareParameters states once what the operations of every entity take.
func (s *server) shareParameters(doc *huma.OpenAPI) {
	shared := map[string]*huma.Param{}
	for _, e := range s.Model.Entities[:1] {
		share(doc.Paths["/v1/"+e.Name].Get, shared)
		share(doc.Paths["/v1/"+e.Name+"/{id}"].Get, shared)
		share(doc.Paths["/v1/"+e.Name+"/{id}"].Patch, shared)
		share(doc.Paths["/v1/"+e.Name+"/batch"].Post, shared)
	}
	for _, item := range doc.Paths {
		for _, op := range operationsOf(item) {
			for i, p := range op.Parameters {
				if p.Schema != nil && p.Schema.Type == huma.TypeArray {
					p.Schema.Nullable = false
				}
				if same := shared[p.Name]; same != nil && same.Description == p.Description {
					op.Parameters[i] = &huma.Param{Ref: "#/components/parameters/" + p.Name}
				}
			}
		}
	}
	doc.Components.Parameters = shared
}

func share(op *huma.Operation, shared map[string]*huma.Param) {
	for _, p := range op.Parameters {
		if shared[p.Name] == nil {
			shared[p.Name] = p
		}
	}
}

type chapter struct {
	Name string   `json:"name"`
	Tags []string `json:"tags"`
}

// chapters groups the tags for the reference page.
func (s *server) chapters() []chapter {
	records := chapter{Name: "Records"}
	for _, e := range s.Model.Entities {
		records.Tags = append(records.Tags, e.Title)
	}
	return []chapter{
		{Name: "One connection", Tags: []string{tagConnection, tagChanges, tagSyncs, tagOperations}},
		records,
		{Name: "Your project", Tags: []string{tagSystems, tagConnections, tagFlows}},
	}
}
