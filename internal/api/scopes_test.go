package api

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/model"
)

func TestARouteWithoutAScopeDoesNotBuild(t *testing.T) {
	t.Parallel()
	op := huma.Operation{Method: "GET", Path: "/v1/x"}
	for _, tt := range []struct {
		need access
		flaw string // "": none
	}{
		{access{}, "names no scope"},
		{access{plane: controlPlane}, "names no scope"},
		{access{controlPlane, " "}, "names no scope"},
		{access{controlPlane, "rule"}, `needs "rule"`},
		{access{dataPlane, connection.ScopeAdmin}, `needs "admin"`},
		{access{dataPlane, eitherScope}, ""},
		{access{controlPlane, connection.ScopeOwn}, ""},
	} {
		err := tt.need.flaw(op)
		if (err == nil) != (tt.flaw == "") || err != nil && !strings.Contains(err.Error(), tt.flaw) {
			t.Errorf("%+v: %v, want %q", tt.need, err, tt.flaw)
		}
	}
	m, err := model.Load()
	if err != nil {
		t.Fatal(err)
	}
	s, err := build(Deps{Model: m})
	if err != nil {
		t.Fatal(err)
	}
	register(s, access{plane: controlPlane}, huma.Operation{OperationID: "x", Method: "GET", Path: "/v1/x"},
		func(context.Context, *empty) (*one[empty], error) { return &one[empty]{}, nil })
	if errors.Join(s.flaws...) == nil {
		t.Error("a route without a scope is taken")
	}
}
