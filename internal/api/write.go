package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/write"
	"github.com/busbar-dev/busbar/model"
)

// Strictly says what becomes of members that the model does not know. The default is true, which the router cannot tell from false where there is a body.
type Strictly struct {
	Strict bool `query:"strict" doc:"false: fields that are unknown are left out with a warning, instead of being faults. Default: true."`
}

// is tells whether the request is strict.
func (in Strictly) is(r *http.Request) bool { return in.Strict || !r.URL.Query().Has("strict") }

type createInput struct {
	RequestInput
	Strictly
	Body object
}

type updateInput struct {
	ID string `path:"id" doc:"Our id of the record." example:"6f1c2a34-5b7e-5d21-9c0f-3e8a1b2c4d5e"`
	RequestInput
	Strictly
	Body object
}

type deleteInput struct {
	ID string `path:"id" doc:"Our id of the record." example:"6f1c2a34-5b7e-5d21-9c0f-3e8a1b2c4d5e"`
	RequestInput
}

func (s *server) registerWrites() {
	need, keyed := access{dataPlane, connection.ScopeWrite}, manner{keyed: true}
	for _, e := range s.Model.Entities {
		registerAs(s, need, keyed, s.createOperation(e), func(ctx context.Context, in *createInput) (*bytesOutput, error) {
			return s.write(ctx, e, in.request, write.Request{Op: manifest.Create, Data: json.RawMessage(in.Body), Strict: in.is(in.request)})
		})
		registerAs(s, need, keyed, s.updateOperation(e), func(ctx context.Context, in *updateInput) (*bytesOutput, error) {
			return s.write(ctx, e, in.request, write.Request{Op: manifest.Update, ID: in.ID, Data: json.RawMessage(in.Body), Strict: in.is(in.request)})
		})
		registerAs(s, need, keyed, s.deleteOperation(e), func(ctx context.Context, in *deleteInput) (*bytesOutput, error) {
			return s.write(ctx, e, in.request, write.Request{Op: manifest.Delete, ID: in.ID, Strict: true})
		})
		registerAs(s, need, keyed, s.validateOperation(e), func(ctx context.Context, in *validateInput) (*one[validateView], error) {
			return s.validate(ctx, e, in)
		})
		registerAs(s, need, manner{streamed: true, keyed: true}, s.batchOperation(e), func(ctx context.Context, in *batchInput) (*bytesOutput, error) {
			return s.batch(ctx, e, in)
		})
		s.api.OpenAPI().Paths["/v1/"+e.Name+"/batch"].Post.RequestBody = batchRequest(e)
	}
}

// write sends one write and answers with what is known of it when the caller's wait is over.
func (s *server) write(ctx context.Context, e *model.Entity, r *http.Request, w write.Request) (*bytesOutput, error) {
	if err := s.complete(ctx, e, r, &w); err != nil {
		return nil, err
	}
	wants, err := preferences(r.Header)
	if err != nil {
		return nil, err
	}
	if w.Key, err = idempotencyKey(r.Header); err != nil {
		return nil, err
	}
	w.Hash, w.Wait, w.Stopping = requestHash(r, w.Data), wants.wait, s.Stopping
	made := answering{entity: e.Name, info: infoOf(ctx)}
	w.Render = made.stored
	out, err := s.Writes.Write(ctx, w)
	if err != nil {
		return nil, err
	}
	a, err := s.answerOf(ctx, made, w, out)
	if err != nil {
		return nil, err
	}
	a.set("Preference-Applied", wants.told(a.status != http.StatusAccepted))
	return &bytesOutput{Body: a.send}, nil
}

// complete adds to a write, or to the dry run of one, who asks for it and of what.
func (s *server) complete(ctx context.Context, e *model.Entity, r *http.Request, w *write.Request) (err error) {
	who := callerOf(ctx)
	w.Connection, w.Entity, w.Caller, w.RequestID = who.connection, e.Name, who.id(), infoOf(ctx).id
	if w.Op != manifest.Delete {
		if err := isObject(w.Data, ""); err != nil {
			return err
		}
	}
	if _, err := s.stream(ctx, who.connection, e.Name); err != nil {
		return err
	}
	if w.Op != manifest.Create {
		if id, err := uuid.Parse(w.ID); err != nil || id.String() != w.ID {
			return noRecord(e.Name, w.ID)
		}
		if w.IfMatch, err = ifMatch(r.Header); err != nil {
			return err
		}
	}
	return nil
}

// isObject refuses the fields of a record that are no JSON object.
func isObject(data []byte, at string) error {
	if strings.HasPrefix(strings.TrimLeft(string(data), " \t\r\n"), "{") {
		return nil
	}
	detail := "The fields of the record are a JSON object, such as {\"notes\": \"…\"}."
	return &problem.Error{Code: problem.ValidationFailed, Detail: detail, Items: []problem.Item{{Pointer: at, Code: problem.Invalid, Detail: detail}}}
}

// writeBody documents the fields of a record as a body.
func writeBody(e *model.Entity, kinds ...string) *huma.RequestBody {
	b := &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{}}
	for _, kind := range kinds {
		b.Content[kind] = &huma.MediaType{Schema: &huma.Schema{Ref: schemaRef(e.WriteSchemaName())}}
	}
	b.Content[kinds[0]].Example = json.RawMessage(e.WriteExample())
	return b
}

func operationPath(id string) string { return "/v1/operations/" + id }

func recordPath(entity string, id uuid.UUID) string { return fmt.Sprintf("/v1/%s/%s", entity, id) }
