package api

import (
	"bytes"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/model"
)

// undocumented are the routes that are not for programs that use the API.
var undocumented = []string{
	"GET /healthz", "GET /readyz", "GET /openapi.json", "GET /openapi.yaml", "GET /docs", "GET /docs/page.js", "GET /docs/scalar.js",
	"GET /docs/problems.css", "GET /docs/problems/{$}", "GET /docs/problems/{code}",
}

func wholeServer(t *testing.T) *server {
	t.Helper()
	m, err := model.Load()
	if err != nil {
		t.Fatal(err)
	}
	s, err := build(Deps{Model: m, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	docs, err := newReference(s)
	if err != nil {
		t.Fatal(err)
	}
	docs.mount(s.mux)
	s.mountProbes()
	return s
}

func TestEveryRouteIsDocumented(t *testing.T) {
	t.Parallel()
	s := wholeServer(t)
	documented := slices.Clone(undocumented)
	for path, item := range s.api.OpenAPI().Paths {
		for method := range operationsOf(item) {
			documented = append(documented, method+" "+path)
		}
	}
	routes := slices.Clone(s.mux.patterns)
	slices.Sort(documented)
	slices.Sort(routes)
	if !slices.Equal(documented, routes) {
		t.Errorf("documented: %v\nserved: %v", documented, routes)
	}
}

func TestEntitiesAndResourcesShareOneNamespace(t *testing.T) {
	t.Parallel()
	s := wholeServer(t)
	for path, item := range s.api.OpenAPI().Paths {
		for _, op := range operationsOf(item) {
			name, _, _ := strings.Cut(strings.TrimPrefix(path, "/v1/"), "/")
			verb, _, _ := strings.Cut(op.OperationID, "-")
			isRecord := slices.Contains([]string{"list", "get", "create", "update", "delete", "validate", "batch"}, verb)
			if s.Model.Entity(name) != nil && (!isRecord || !slices.Contains(op.Tags, s.Model.Entity(name).Title)) {
				t.Errorf("%s is an entity and also serves %s", name, op.OperationID)
			}
		}
	}
	for _, reserved := range strings.Fields("changes change-consumers syncs sync-runs connection capabilities passthrough operations systems connections " +
		"link-sessions flows runs webhook-endpoints events request-log members keys project audit-log live") {
		if s.Model.Entity(reserved) != nil {
			t.Errorf("the model has an entity %s, which is a name of the control plane", reserved)
		}
	}
}

func TestOperationsAreToldApart(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	s := wholeServer(t)
	tags := map[string]bool{}
	for _, tag := range s.api.OpenAPI().Tags {
		tags[tag.Name] = tag.Description != ""
	}
	for path, item := range s.api.OpenAPI().Paths {
		for method, op := range operationsOf(item) {
			at := method + " " + path
			if other := seen[op.OperationID]; other != "" || op.OperationID == "" {
				t.Errorf("%s and %s have the same id", at, other)
			}
			seen[op.OperationID] = at
			if op.Summary == "" || len(op.Tags) != 1 || !tags[op.Tags[0]] || len(op.Security) == 0 || op.Responses["4XX"] == nil {
				t.Errorf("%s lacks a summary, a tag with a description, security or problems", at)
			}
		}
	}
}

func TestCommittedDocumentIsCurrent(t *testing.T) {
	t.Parallel()
	m, err := model.Load()
	if err != nil {
		t.Fatal(err)
	}
	want, err := YAML(m)
	if err != nil {
		t.Fatal(err)
	}
	again, err := YAML(m)
	if err != nil || !bytes.Equal(want, again) {
		t.Fatalf("the document differs from one time to the next: %v", err)
	}
	got, err := os.ReadFile("../../openapi.yaml")
	if err != nil || !bytes.Equal(want, got) {
		t.Errorf("openapi.yaml is stale (%v): go run ./internal/api/gen", err)
	}
}

func TestReferenceIsSmallEnough(t *testing.T) {
	t.Parallel()
	content, err := referenceFiles.ReadFile("reference/scalar.js.br")
	if err != nil || len(content) >= 1_000_000 {
		t.Errorf("%d bytes, %v", len(content), err)
	}
}
