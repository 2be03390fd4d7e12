package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/flow"
	"github.com/busbar-dev/busbar/internal/flow/lang"
	"github.com/busbar-dev/busbar/internal/problem"
)

const yamlType = "application/yaml"

// FlowDocument is the document of a flow in a body; a body that is the bare document is taken as one of these.
type FlowDocument struct {
	Document string `json:"document" minLength:"1" maxLength:"1000000" doc:"YAML or JSON, as a text."`
	Format   string `json:"format,omitempty" enum:"yaml,json" default:"yaml" doc:"As which it is shown again."`
}

func (d FlowDocument) format() string {
	if d.Format == "" {
		return "yaml"
	}
	return d.Format
}

type putFlowInput struct {
	FlowInput
	IfMatch string `header:"If-Match" doc:"The version that the document is a change of; 412 version-mismatch when there is a newer one." example:"\"3\""`
	Body    putFlow
}

type putFlow struct {
	FlowDocument
	Connections map[string]string `json:"connections,omitempty" doc:"Ids of connections by role. Roles that are not named stay as they are."`
	Parameters  object            `json:"parameters,omitempty" doc:"Values by name, secret ones too: those are sealed and never shown again. null unsets one. Parameters that are not named stay as they are."`
	NewWebhook  bool              `json:"new_webhook,omitempty" doc:"Of a flow with a webhook: a new address and a new secret. The old ones are dead at once."`
}

// appliedFlow is a flow after an application, with what exists only once.
type appliedFlow struct {
	FlowDetail
	Changed bool         `json:"changed" doc:"Whether the document became a new version."`
	Webhook *flowWebhook `json:"webhook" doc:"Null unless one was made."`
}

// flowWebhook is the address of a flow at the one moment when it exists.
type flowWebhook struct {
	Path   string `json:"path" doc:"The address on this server, which is a secret. It is stored only as a keyed hash and never shown again." example:"/hooks/bb_hok_…"`
	Secret string `json:"secret" doc:"What signs calls of it, by the rules of Standard Webhooks. It is sealed and never shown again. Empty: the flow takes calls that are not signed." example:"whsec_…"`
}

type putFlowOutput struct {
	Status   int
	ETag     string `header:"ETag" doc:"The version, for If-Match."`
	Location string `header:"Location"`
	Body     appliedFlow
}

type checkFlowInput struct{ Body checkFlow }

type checkFlow struct {
	FlowDocument
	Connections map[string]string `json:"connections,omitempty" doc:"Ids of connections by role: then what their systems can do is looked at too."`
}

// checkedFlow is a verdict on a document.
type checkedFlow struct {
	Valid    bool          `json:"valid"`
	Problems []flowProblem `json:"problems" doc:"Everything that is wrong, in the order of the lines."`
}

// flowProblem is one thing wrong with a document.
type flowProblem struct {
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Path    string `json:"path" example:"steps.1.each.steps.0.write.entity"`
	Message string `json:"message" doc:"What is wrong."`
	Mend    string `json:"mend" doc:"What to write instead."`
}

func viewProblems(all lang.Problems) []flowProblem {
	out := make([]flowProblem, len(all))
	for i, p := range all {
		out[i] = flowProblem{p.Pos.Line, p.Pos.Column, p.Path, p.Message, p.Mend}
	}
	return out
}

// invalidFlow refuses a document. Each problem of it is an error of the member that it came in, and stands as it is in problems.
func invalidFlow(all lang.Problems) *problem.Error {
	what := "one thing is wrong"
	if len(all) > 1 {
		what = fmt.Sprintf("%d things are wrong", len(all))
	}
	p := problem.Newf(problem.ValidationFailed, "The document is no flow that can be: %s; see problems.", what)
	for _, one := range all {
		p.At("/document", problem.Invalid, one.String())
	}
	return p.With("problems", viewProblems(all))
}

// flowError says of an error about a document what is wrong with that.
func flowError(err error) error {
	var all lang.Problems
	if errors.As(err, &all) {
		return invalidFlow(all)
	}
	return err
}

func (s *server) registerFlowDocuments() {
	change := access{controlPlane, connection.ScopeFlows}
	registerAs(s, change, manner{yaml: true}, huma.Operation{
		OperationID: "put-flow", Method: http.MethodPut, Path: "/v1/flows/{name}", Tags: []string{tagFlows},
		Summary: "Make a flow of a document, or a new version of one",
		Description: "A document that does not differ makes no version. Runs that are under way go on with the version and the settings with which they began. " +
			"The name in the path counts, whatever the document says: one document may be applied under many names. 201 when there was no flow of this name.",
		RequestBody: example(map[string]any{"document": "flow: told\nsteps:\n  - id: nothing\n    transform: {a: 1}\n", "connections": map[string]string{"erp": "0190b5a4-9a11-7c44-b0f3-5f0a6d1f3e55"}}),
		Responses:   map[string]*huma.Response{"201": {Description: "It was made."}},
	}, s.putFlow)
	registerAs(s, change, manner{yaml: true, keyed: true}, huma.Operation{
		OperationID: "check-flow", Method: http.MethodPost, Path: "/v1/flows/check", Tags: []string{tagFlows},
		Summary: "Say everything that is wrong with a document", Description: "Nothing is stored. 200 whatever the verdict.",
		RequestBody: example(map[string]any{"document": "flow: told\nsteps: []\n"}),
	}, s.checkFlow)
	for _, body := range []*huma.RequestBody{s.api.OpenAPI().Paths["/v1/flows/{name}"].Put.RequestBody, s.api.OpenAPI().Paths["/v1/flows/check"].Post.RequestBody} {
		body.Content[yamlType] = &huma.MediaType{Schema: &huma.Schema{Type: "string", Description: "The bare document."}}
	}
}

func (s *server) putFlow(ctx context.Context, in *putFlowInput) (*putFlowOutput, error) {
	version, err := versionOf(in.IfMatch)
	if err != nil {
		return nil, err
	}
	values, err := parametersOf(in.Body.Parameters)
	if err != nil {
		return nil, err
	}
	who := callerOf(ctx)
	a, err := s.Flows.Apply(ctx, who.project(), flow.Application{
		Name: in.Name, Document: in.Body.Document, Format: in.Body.format(), Connections: in.Body.Connections, Parameters: values, By: who.id(), Version: version, NewHook: in.Body.NewWebhook,
	})
	if err != nil {
		return nil, flowError(err)
	}
	d, err := s.detailFlow(ctx, a.Flow)
	if err != nil {
		return nil, err
	}
	out := &putFlowOutput{Status: http.StatusOK, ETag: versionTag(a.Flow.Version), Body: appliedFlow{FlowDetail: d, Changed: a.Changed}}
	if a.Made {
		out.Status, out.Location = http.StatusCreated, flowPath(a.Flow.Name)
	}
	if a.HookURL != "" {
		out.Body.Webhook = &flowWebhook{a.HookURL, a.Signing}
	}
	return out, nil
}

func (s *server) checkFlow(ctx context.Context, in *checkFlowInput) (*one[checkedFlow], error) {
	_, err := s.Flows.Check(ctx, callerOf(ctx).project(), "flow."+in.Body.format(), in.Body.Document, in.Body.Connections)
	var wrong lang.Problems
	if err != nil && !errors.As(err, &wrong) {
		return nil, err
	}
	return &one[checkedFlow]{checkedFlow{len(wrong) == 0, viewProblems(wrong)}}, nil
}

// parametersOf takes an object apart into its members.
func parametersOf(o object) (values map[string]json.RawMessage, err error) {
	if len(o) == 0 {
		return nil, nil
	}
	if err := json.Unmarshal(o, &values); err != nil {
		return nil, problem.New(problem.ValidationFailed, "Parameters are an object; see errors.").At("/parameters", problem.Invalid, "It must be a JSON object of values by name.")
	}
	return values, nil
}

// bareDocument takes a body that is the bare document of a flow, in YAML, for one that holds it. ok: it says that it is one.
func bareDocument(h http.Header, body []byte) (whole []byte, ok bool, err error) {
	kind, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil || kind != yamlType {
		return nil, false, nil
	}
	if !utf8.Valid(body) {
		return nil, true, problem.New(problem.MalformedRequest, "The document is not UTF-8.")
	}
	if whole, err = json.Marshal(FlowDocument{Document: string(body), Format: "yaml"}); err != nil {
		return nil, true, fmt.Errorf("write a document as JSON: %w", err)
	}
	h.Set("Content-Type", "application/json")
	return whole, true, nil
}

func flowPath(name string) string { return "/v1/flows/" + name }
