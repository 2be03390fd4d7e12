package api

import (
	"context"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/problem"
)

// finding is one step of a live check.
type finding struct {
	Step   string        `json:"step" enum:"network,tls,address,login,version,entity"`
	Entity string        `json:"entity,omitempty" doc:"Of step entity."`
	OK     bool          `json:"ok"`
	Code   problem.Fault `json:"code,omitempty" doc:"Why not, as in errors[].code; not-checked with ok: it was left open." example:"permission-missing"`
	Field  string        `json:"field,omitempty" doc:"The field of the login that it is about."`
	Says   string        `json:"says" doc:"What was found, for a person." example:"It may not read purchase orders."`
	Do     string        `json:"do,omitempty" doc:"What to do next." example:"Ask your administrator for this: the group Purchase. Or leave them out."`
}

type checkInput struct{ Body check }

type check struct {
	System      string            `json:"system" minLength:"1" example:"tryton"`
	AuthMethod  string            `json:"auth_method,omitempty" doc:"One of the system's; default: its first."`
	Credentials map[string]string `json:"credentials" doc:"The fields of the auth method's form. They are not stored."`
	Entities    []string          `json:"entities,omitempty" maxItems:"200" doc:"What is to be read. Default: all that the connector maps."`
	TimeZone    string            `json:"time_zone,omitempty" example:"Europe/Amsterdam"`
}

type checked struct {
	OK       bool      `json:"ok" doc:"The login works. It may lack rights for some entities all the same."`
	Findings []finding `json:"findings" doc:"In order, to the first step that failed."`
}

func (s *server) registerChecks() {
	register(s, access{controlPlane, connection.ScopeConnect}, huma.Operation{
		OperationID: "check-connection", Method: http.MethodPost, Path: "/v1/connections/check", Tags: []string{tagConnections},
		Summary:     "Try a login step by step, without storing anything",
		Description: "Reached, certificate, login, version, and for each entity whether the login may read it: as the system tells, else by reading one record, of twelve entities at most. It takes 30 seconds at most.",
		RequestBody: example(map[string]any{"system": "tryton", "credentials": exampleLogin()}),
	}, s.checkConnection)
}

func (s *server) checkConnection(ctx context.Context, in *checkInput) (*one[checked], error) {
	b := in.Body
	found, err := s.Connections.Examine(ctx, nil, connection.Form{System: b.System, AuthMethod: b.AuthMethod, Credentials: b.Credentials, Entities: b.Entities, TimeZone: b.TimeZone})
	if err != nil {
		return nil, fmt.Errorf("check a login: %w", err)
	}
	out := checked{OK: true, Findings: make([]finding, len(found))}
	for i, f := range found {
		out.Findings[i] = finding(f)
		out.OK = out.OK && (f.OK || f.Step == connection.StepEntity)
	}
	return &one[checked]{out}, nil
}
