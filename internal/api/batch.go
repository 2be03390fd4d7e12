package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
	"github.com/busbar-dev/busbar/internal/write"
	"github.com/busbar-dev/busbar/model"
)

// Bounds and defaults of batches.
const (
	maxBatch       = 512 << 20 // bytes
	maxItem        = 1 << 20   // bytes
	maxChunk       = 1000
	defaultChunk   = 50
	maxChunkDelay  = "PT1H"
	ndjsonType     = "application/x-ndjson"
	longestRef     = 255
	zeroDuration   = "PT0S"
	defaultOnError = store.OnErrorGo
)

type batchInput struct {
	Strictly
	BatchOptions
	request *http.Request
	writer  http.ResponseWriter
}

// BatchOptions are the options of a batch, as members of its body or as query parameters.
type BatchOptions struct {
	Mode       string `query:"mode" enum:"best_effort,all_or_none" default:"best_effort" doc:"all_or_none: all items have their effect, or none; 501 where the system cannot."`
	ChunkSize  int    `query:"chunk_size" minimum:"1" maximum:"1000" default:"50" doc:"Items that are sent before the next pause."`
	ChunkDelay string `query:"chunk_delay" maxLength:"32" default:"PT0S" doc:"The pause between chunks, up to PT1H." example:"PT2S"`
	OnError    string `query:"on_error" enum:"continue,stop" default:"continue" doc:"stop: the first item that is rejected, or whose outcome stays unknown, cancels those that were not sent yet."`
}

// Resolve keeps the request, whose body the handler reads as it comes.
func (in *batchInput) Resolve(hc huma.Context) []error {
	in.request, in.writer = humago.Unwrap(hc)
	return nil
}

// batch takes in a batch and answers with its operation.
func (s *server) batch(ctx context.Context, e *model.Entity, in *batchInput) (*bytesOutput, error) {
	who := callerOf(ctx)
	if _, err := s.stream(ctx, who.connection, e.Name); err != nil {
		return nil, err
	}
	key, err := idempotencyKey(in.request.Header)
	if err != nil {
		return nil, err
	}
	body, err := openBatch(in.request, in.writer, s.Limits)
	if err != nil {
		return nil, err
	}
	defer body.close()
	if err := body.begin(in.BatchOptions); err != nil {
		return nil, err
	}
	r := write.BatchRequest{
		Connection: who.connection, Entity: e.Name, Strict: in.is(in.request), Key: key, Hash: body.hash, Caller: who.id(), RequestID: infoOf(ctx).id,
		Late: body.options.apply,
	}
	if err := body.options.apply(&r); err != nil {
		return nil, err
	}
	o, replayed, err := s.Writes.Batch(ctx, r, body.items)
	if err != nil {
		return nil, batchError(err)
	}
	return &bytesOutput{Body: s.acceptedBatch(o, replayed).send}, nil
}

func (s *server) acceptedBatch(o *store.Operation, replayed bool) *rendered {
	a := &rendered{status: http.StatusAccepted, headers: map[string]string{"Content-Type": "application/json"}, body: mustMarshal(s.viewOperation(o))}
	a.set("Location", operationPath(o.ID))
	a.set(operationHeader, o.ID)
	if replayed {
		a.set(replayedHeader, "true")
	}
	return a
}

// batchError tells what broke off the reading of a body from what went wrong with us.
func batchError(err error) error {
	var p *problem.Error
	if errors.As(err, &p) {
		return p
	}
	return err
}
