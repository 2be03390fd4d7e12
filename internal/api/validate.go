package api

import (
	"context"
	"encoding/json"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/write"
	"github.com/busbar-dev/busbar/model"
)

type validateInput struct {
	RequestInput
	Strictly
	Body dryRun
}

type dryRun struct {
	Op   string  `json:"op" enum:"create,update,delete" doc:"What the write would do."`
	ID   string  `json:"id,omitempty" doc:"update, delete: our id of the record." example:"6f1c2a34-5b7e-5d21-9c0f-3e8a1b2c4d5e"`
	Data *object `json:"data,omitempty" doc:"create, update: the fields, as the write would send them."`
}

// validateView is the verdict on a write that is not sent.
type validateView struct {
	Valid    bool             `json:"valid" doc:"Whether the write would be sent. The system may still refuse it for reasons that only it knows."`
	Warnings []problem.Item   `json:"warnings" doc:"Fields that would be left out; only with strict=false."`
	Problem  *problemDocument `json:"problem,omitempty" doc:"What the write would be answered with; only when it is not valid."`
}

// validate gives the verdict of the check that a write goes through. What keeps the check from being made is an error of its own.
func (s *server) validate(ctx context.Context, e *model.Entity, in *validateInput) (*one[validateView], error) {
	w := write.Request{Op: manifest.Op(in.Body.Op), ID: in.Body.ID, Strict: in.is(in.request)}
	if in.Body.Data != nil {
		w.Data = json.RawMessage(*in.Body.Data)
	}
	if err := in.Body.check(); err != nil {
		return nil, err
	}
	if err := s.complete(ctx, e, in.request, &w); err != nil {
		return nil, err
	}
	verdict, err := s.Writes.Validate(ctx, w)
	if err != nil {
		return nil, err
	}
	v := validateView{Valid: verdict.Problem == nil, Warnings: list(verdict.Warnings)}
	if verdict.Problem != nil {
		v.Problem = infoOf(ctx).document(verdict.Problem)
	}
	return &one[validateView]{v}, nil
}

// check says what is missing, or too much, for the operation.
func (b dryRun) check() error {
	p := &problem.Error{Code: problem.ValidationFailed}
	create, remove := b.Op == string(manifest.Create), b.Op == string(manifest.Delete)
	switch {
	case create && b.ID != "":
		p.At("/id", problem.Invalid, "A record that is created has no id yet.")
	case !create && b.ID == "":
		p.At("/id", problem.Required, "It must be given.")
	}
	switch {
	case remove && b.Data != nil:
		p.At("/data", problem.Invalid, "A deletion has no fields.")
	case !remove && b.Data == nil:
		p.At("/data", problem.Required, "It must be given.")
	}
	if len(p.Items) == 0 {
		return nil
	}
	p.Detail = problem.Summary(p.Items)
	return p
}
