package api

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/busbar-dev/busbar/internal/store"
	"github.com/busbar-dev/busbar/model"
)

const waiting = "The answer comes when the system has given one, 30 s at most or as Prefer: wait says; with Prefer: respond-async at once. " +
	"What is not finished then goes on: 202 with its operation. Where no definite answer came from the system: 504 write-outcome-unknown, and the operation tells later what became of it. " +
	"Nothing is sent twice unless it is proved that it had no effect."

// createOperation documents POST /v1/{entity}.
func (s *server) createOperation(e *model.Entity) huma.Operation {
	return huma.Operation{
		OperationID: "create-" + hyphens(e.Singular), Method: http.MethodPost, Path: "/v1/" + e.Name, Tags: []string{e.Title}, DefaultStatus: http.StatusCreated,
		Summary: "Create " + article(e.Singular), Description: waiting,
		RequestBody: writeBody(e, "application/json"), SkipValidateBody: true,
		Parameters: []*huma.Param{preferParam()},
		Responses: map[string]*huma.Response{
			"201": recordAnswer("The record, bare, as the system has it now.", e, "Location", "ETag"),
			"202": {Ref: "#/components/responses/" + goesOn},
		},
	}
}

// updateOperation documents PATCH /v1/{entity}/{id}.
func (s *server) updateOperation(e *model.Entity) huma.Operation {
	return huma.Operation{
		OperationID: "update-" + hyphens(e.Singular), Method: http.MethodPatch, Path: "/v1/" + e.Name + "/{id}", Tags: []string{e.Title},
		Summary: "Change " + article(e.Singular),
		Description: "A merge patch (RFC 7396): members that are not named stay, null empties one. Elements of lists that have ids are matched by id or remote_id: those not named stay, " +
			`{"id": "…", "_delete": true} deletes one, one without an id is new. ` + waiting,
		RequestBody: writeBody(e, "application/json", "application/merge-patch+json"), SkipValidateBody: true,
		Parameters: []*huma.Param{preferParam(), ifMatchParam()},
		Responses: map[string]*huma.Response{
			"200": recordAnswer("The record, bare, as the system has it now.", e, "ETag"),
			"202": {Ref: "#/components/responses/" + goesOn},
		},
	}
}

// deleteOperation documents DELETE /v1/{entity}/{id}.
func (s *server) deleteOperation(e *model.Entity) huma.Operation {
	return huma.Operation{
		OperationID: "delete-" + hyphens(e.Singular), Method: http.MethodDelete, Path: "/v1/" + e.Name + "/{id}", Tags: []string{e.Title},
		Summary:     "Delete " + article(e.Singular),
		Description: "Where the system cancels records instead of deleting them, the record has its new status. " + waiting,
		Parameters:  []*huma.Param{preferParam(), ifMatchParam()},
		Responses: map[string]*huma.Response{
			"200": recordAnswer("The record, bare, as it is now: with deleted_at, or with its new status where the system cancels instead.", e, "ETag"),
			"202": {Ref: "#/components/responses/" + goesOn},
		},
	}
}

// validateOperation documents POST /v1/{entity}/validate.
func (s *server) validateOperation(e *model.Entity) huma.Operation {
	return huma.Operation{
		OperationID: "validate-" + hyphens(e.Singular), Method: http.MethodPost, Path: "/v1/" + e.Name + "/validate", Tags: []string{e.Title},
		Summary: "Would a write of " + article(e.Singular) + " be accepted, and why not",
		Description: "A dry run: the same check that a write goes through, with the very problem that it would be answered with. Nothing is sent to the system but, where its rules need it, " +
			"a read of the record. 200 whatever the verdict; another status only when the check could not be made.",
		RequestBody: example(map[string]any{"op": "create", "data": json.RawMessage(e.WriteExample())}),
		Parameters:  []*huma.Param{ifMatchParam()},
	}
}

// batchOperation documents POST /v1/{entity}/batch, but for its body.
func (s *server) batchOperation(e *model.Entity) huma.Operation {
	return huma.Operation{
		OperationID: "batch-" + e.Name, Method: http.MethodPost, Path: "/v1/" + e.Name + "/batch", Tags: []string{e.Title}, DefaultStatus: http.StatusAccepted,
		Summary: "Create, change and delete many " + strings.ToLower(e.Title),
		Description: "Up to 100,000 items and 512 MiB, as one JSON object or as NDJSON, which are worked off in the background: 202 with the operation. Only a body that is no batch is refused; " +
			"an item that is not right is rejected with its error, beside the others. The options are members of the JSON object, or query parameters.",
		Responses: map[string]*huma.Response{"202": {Ref: "#/components/responses/" + goesOn}},
	}
}

// batchRequest documents the body of a batch. The router is told of it once the route is registered: it would read the body itself, whole.
func batchRequest(e *model.Entity) *huma.RequestBody {
	items := []any{
		map[string]any{"op": "create", "client_ref": "row-1", "data": json.RawMessage(e.WriteExample())},
		map[string]any{"op": "delete", "client_ref": "row-2", "id": "6f1c2a34-5b7e-5d21-9c0f-3e8a1b2c4d5e"},
	}
	lines := make([]string, len(items))
	for i, item := range items {
		lines[i] = string(mustMarshal(item))
	}
	return &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		"application/json": {Schema: &huma.Schema{Ref: schemaRef(batchSchemaName(e))}, Example: map[string]any{"mode": store.BestEffort, "chunk_size": defaultChunk, "items": items}},
		ndjsonType:         {Schema: &huma.Schema{Type: "string", Description: "One item on each line."}, Example: strings.Join(lines, "\n")},
	}}
}

func batchSchemaName(e *model.Entity) string { return e.SchemaName() + "Batch" }

// batchSchema is the body of a batch of an entity.
func batchSchema(e *model.Entity) *huma.Schema {
	text := func(description string) *huma.Schema { return &huma.Schema{Type: "string", Description: description} }
	item := &huma.Schema{Type: "object", Required: []string{"op"}, AdditionalProperties: false, Properties: map[string]*huma.Schema{
		"op":         {Type: "string", Enum: []any{"create", "update", "delete"}},
		"client_ref": text("Your own name for the item, up to 255 bytes; it comes back with the result."),
		"id":         text("update, delete: our id of the record."),
		"if_match":   text("update, delete: the ETag of the version that you have."),
		"data":       {Ref: schemaRef(e.WriteSchemaName())},
	}}
	return &huma.Schema{Type: "object", Required: []string{"items"}, AdditionalProperties: false, Properties: map[string]*huma.Schema{
		"mode":        {Type: "string", Enum: []any{store.BestEffort, store.AllOrNone}, Default: store.BestEffort},
		"chunk_size":  {Type: "integer", Minimum: number(1), Maximum: number(maxChunk), Default: defaultChunk},
		"chunk_delay": {Type: "string", Format: "duration", Default: "PT0S", Description: "Up to " + maxChunkDelay + "."},
		"on_error":    {Type: "string", Enum: []any{store.OnErrorGo, store.OnErrorEnd}, Default: store.OnErrorGo},
		"items":       {Type: "array", Items: item},
	}}
}

func number(n float64) *float64 { return &n }

// recordAnswer documents an answer with a record, and the headers that come with it.
func recordAnswer(description string, e *model.Entity, headers ...string) *huma.Response {
	r := answer(description, &huma.Schema{Ref: schemaRef(e.SchemaName())})
	r.Headers = map[string]*huma.Param{operationHeader: {Ref: "#/components/headers/" + operationHeader}, warningsHeader: {Ref: "#/components/headers/" + warningsHeader}}
	for _, name := range headers {
		r.Headers[name] = &huma.Param{Schema: &huma.Schema{Type: "string"}, Description: headerMeanings[name]}
	}
	return r
}

var headerMeanings = map[string]string{
	"Location": "Where it is.", "ETag": "The version of the record.",
	operationHeader: "Id of the write's operation.", warningsHeader: "What was left out, as a JSON list; the operation's item has it too.",
}

func writeHeaders() map[string]*huma.Header {
	out := map[string]*huma.Header{}
	for _, name := range []string{operationHeader, warningsHeader} {
		out[name] = &huma.Header{Schema: &huma.Schema{Type: "string"}, Description: headerMeanings[name]}
	}
	return out
}

// goesOn names the answer 202 among the components.
const goesOn = "GoesOn"

// operationResponse documents 202: what goes on in the background.
func operationResponse() *huma.Response {
	r := answer("Not finished: the operation, which tells how far it is.", &huma.Schema{Ref: schemaRef("Operation")})
	r.Headers = map[string]*huma.Param{operationHeader: {Ref: "#/components/headers/" + operationHeader},
		"Location": {Schema: &huma.Schema{Type: "string"}, Description: "Where the operation is."}}
	return r
}

func preferParam() *huma.Param {
	return &huma.Param{Name: "Prefer", In: "header", Schema: &huma.Schema{Type: "string"}, Example: "wait=10",
		Description: "wait=N: how many seconds the answer may take, up to 60; default 30. respond-async: answer at once. Preference-Applied says what was done."}
}

func ifMatchParam() *huma.Param {
	return &huma.Param{Name: "If-Match", In: "header", Schema: &huma.Schema{Type: "string"},
		Description: "The ETag of the version that you have, several separated by commas, or *: 412 version-mismatch when the record has changed since."}
}

func keyParam() *huma.Param {
	return &huma.Param{Name: keyHeader, In: "header", Schema: &huma.Schema{Type: "string", MinLength: length(1), MaxLength: length(longestKey)}, Example: "8f14e45f-ceea-467f-9a36-dedd4bea2543",
		Description: "1 to 255 visible characters of your own, known for 30 days: the same request with the same key has its effect once, and is given the same answer with Idempotency-Replayed: true."}
}

func length(n int) *int { return &n }
