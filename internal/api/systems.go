package api

import (
	"context"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/problem"
)

// SystemView is a system as it is served: enough to draw the form that connects it.
type SystemView struct {
	System     string           `json:"system" doc:"The connector's name, used in paths." example:"tryton"`
	Name       string           `json:"name" example:"Tryton"`
	Summary    string           `json:"summary"`
	Categories []string         `json:"categories" example:"[\"erp\"]"`
	Versions   []string         `json:"versions" doc:"Versions of the system that the connector is made for."`
	Simulated  bool             `json:"simulated" doc:"A simulator that comes with Busbar, not a real system."`
	Entities   []string         `json:"entities" doc:"Entities of the model that the connector maps."`
	Auth       []authMethodView `json:"auth" doc:"Ways to log in, each with its form."`
}

type authMethodView struct {
	Method string                `json:"method" example:"basic"`
	Fields []credentialFieldView `json:"fields" doc:"Inputs of the form, in order."`
}

type credentialFieldView struct {
	Name     string                 `json:"name" example:"url"`
	Label    string                 `json:"label" example:"Address"`
	Type     string                 `json:"type" enum:"url,text,password,integer,multiline,select" doc:"multiline takes line ends, such as a key in PEM; select one of the options."`
	Options  []credentialOptionView `json:"options" doc:"Of a select."`
	Secret   bool                   `json:"secret" doc:"Never shown again."`
	Identity bool                   `json:"identity" doc:"Tells instances of the system apart: another value leads to other records."`
	Required bool                   `json:"required"`
	Default  string                 `json:"default"`
	Example  string                 `json:"example"`
	Help     string                 `json:"help"`
	Vendor   bool                   `json:"vendor_only" doc:"Names something of the machine that Busbar runs on: for whoever runs Busbar to fill in, never for a customer. A link offers this way to log in only where a registration fills the field in."`
	Group    string                 `json:"group" enum:",tls" doc:"Where a form shows the input: empty for most; tls: apart from the others, for networks that have certificates of their own."`
}

type credentialOptionView struct {
	Value string `json:"value" example:"postgresql"`
	Label string `json:"label" example:"PostgreSQL"`
}

// systemDetail is a system with the guide for whoever connects it.
type systemDetail struct {
	SystemView
	Guide string `json:"guide" doc:"How to prepare the system, step by step (Markdown)."`
}

type systemInput struct {
	System string `path:"system" doc:"The connector's name." example:"tryton"`
}

func (s *server) registerSystems() {
	register(s, access{anyCaller, connection.ScopeRead}, huma.Operation{
		OperationID: "list-systems", Method: http.MethodGet, Path: "/v1/systems", Tags: []string{tagSystems},
		Summary: "List the systems that Busbar can connect",
	}, func(context.Context, *empty) (*many[SystemView], error) {
		views := []SystemView{}
		for _, sys := range s.Systems.Systems() {
			views = append(views, viewSystem(sys))
		}
		return whole(views), nil
	})
	register(s, access{anyCaller, connection.ScopeRead}, huma.Operation{
		OperationID: "get-system", Method: http.MethodGet, Path: "/v1/systems/{system}", Tags: []string{tagSystems},
		Summary: "Get a system with its forms and guide",
	}, func(_ context.Context, in *systemInput) (*one[systemDetail], error) {
		sys, err := s.system(in.System)
		if err != nil {
			return nil, err
		}
		return &one[systemDetail]{systemDetail{viewSystem(sys), sys.Guide}}, nil
	})
	register(s, access{anyCaller, connection.ScopeRead}, huma.Operation{
		OperationID: "get-system-capabilities", Method: http.MethodGet, Path: "/v1/systems/{system}/capabilities", Tags: []string{tagSystems},
		Summary:     "What a system can do",
		Description: "The capability matrix of the connector: entities, operations, fields, the rules for writes by name and in words, and the evidence for each.",
	}, func(_ context.Context, in *systemInput) (*one[manifest.Capabilities], error) {
		return s.capabilities(in.System)
	})
}

func (s *server) system(name string) (*manifest.System, error) {
	if sys := s.Systems.System(name); sys != nil {
		return sys, nil
	}
	return nil, &problem.Error{Code: problem.NotFound,
		Detail: fmt.Sprintf("There is no system %s. GET /v1/systems lists those there are.", quote(name))}
}

func (s *server) capabilities(system string) (*one[manifest.Capabilities], error) {
	sys, err := s.system(system)
	if err != nil {
		return nil, err
	}
	return &one[manifest.Capabilities]{sys.Capabilities()}, nil
}

func viewSystem(sys *manifest.System) SystemView {
	v := SystemView{
		System: sys.System, Name: sys.Name, Summary: sys.Summary, Categories: list(sys.Categories),
		Versions: list(sys.Versions), Simulated: sys.Simulated, Entities: []string{}, Auth: []authMethodView{},
	}
	for _, e := range sys.Entities {
		v.Entities = append(v.Entities, e.Name)
	}
	for _, a := range sys.Auth {
		v.Auth = append(v.Auth, viewAuth(a))
	}
	return v
}

func viewAuth(a manifest.AuthMethod) authMethodView {
	v := authMethodView{Method: a.Method, Fields: []credentialFieldView{}}
	for _, f := range a.Fields {
		field := credentialFieldView{f.Name, f.Label, f.Type, []credentialOptionView{}, f.Secret, f.Identity, f.Required, f.Default, f.Example, f.Help, f.Vendor, f.Group}
		for _, o := range f.Options {
			field.Options = append(field.Options, credentialOptionView(o))
		}
		v.Fields = append(v.Fields, field)
	}
	return v
}
