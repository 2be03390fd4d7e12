package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// projectView is a project as it is served.
type projectView struct {
	ID        string                  `json:"id"`
	Name      string                  `json:"name" example:"Acme Maintenance"`
	CreatedAt *time.Time              `json:"created_at"`
	Link      connection.LinkSettings `json:"link" doc:"How the pages look on which customers connect their systems, and where they lead."`
}

type changeProjectInput struct {
	Body struct {
		Name *string                  `json:"name,omitempty" minLength:"1" maxLength:"200"`
		Link *connection.LinkSettings `json:"link,omitempty" doc:"Replaces all settings of links."`
	}
}

type newProjectInput struct {
	Body struct {
		Name string `json:"name" minLength:"1" maxLength:"200" example:"Acme Warehousing"`
	}
}

// createdProject is a new project with what exists only once: its first key.
type createdProject struct {
	Project projectView      `json:"project"`
	Key     issuedProjectKey `json:"key" doc:"The first key of the project, which may do everything in it. It is shown only here."`
}

func (s *server) registerProject() {
	register(s, access{controlPlane, connection.ScopeRead}, huma.Operation{
		OperationID: "get-project", Method: http.MethodGet, Path: "/v1/project", Tags: []string{tagProject},
		Summary: "Get the project of this key",
	}, func(ctx context.Context, _ *empty) (*one[projectView], error) { return s.projectOf(ctx) })
	register(s, access{controlPlane, connection.ScopeAdmin}, huma.Operation{
		OperationID: "update-project", Method: http.MethodPatch, Path: "/v1/project", Tags: []string{tagProject},
		Summary:     "Rename the project; set how its links look and where they may lead",
		RequestBody: example(map[string]any{"link": map[string]any{"colour": "#0b5fff", "redirect_uris": []string{"https://app.example.com/connected"}}}),
	}, func(ctx context.Context, in *changeProjectInput) (*one[projectView], error) {
		err := s.Connections.ChangeProject(ctx, callerOf(ctx).projectID(), connection.ProjectChange{Name: in.Body.Name, Link: in.Body.Link})
		if err != nil {
			return nil, projectError(err)
		}
		return s.projectOf(ctx)
	})
	register(s, access{wholePlane, connection.ScopeOwn}, huma.Operation{
		OperationID: "create-project", Method: http.MethodPost, Path: "/v1/projects", Tags: []string{tagProject}, DefaultStatus: http.StatusCreated,
		Summary:     "Make a further project",
		RequestBody: example(map[string]any{"name": "Acme Warehousing"}),
		Description: "Projects share this Busbar and see nothing of each other. Only the first project makes further ones.",
	}, s.createProject)
}

func (s *server) projectOf(ctx context.Context) (*one[projectView], error) {
	p, err := s.Store.Project(ctx, callerOf(ctx).projectID())
	if err != nil {
		return nil, projectError(err)
	}
	v, err := viewProject(p)
	return &one[projectView]{v}, err
}

func viewProject(p store.Project) (projectView, error) {
	v := projectView{ID: p.ID, Name: p.Name, CreatedAt: moment(p.CreatedAt)}
	settings := struct {
		Link *connection.LinkSettings `json:"link"`
	}{&v.Link}
	if err := json.Unmarshal(p.Settings, &settings); err != nil {
		return v, fmt.Errorf("read the settings of project %s: %w", p.ID, err)
	}
	return v, nil
}

func (s *server) createProject(ctx context.Context, in *newProjectInput) (*one[createdProject], error) {
	p, k, err := s.Connections.NewProject(ctx, in.Body.Name)
	if err != nil {
		return nil, err
	}
	v, err := viewProject(p)
	return &one[createdProject]{createdProject{v, issuedProjectKey{viewProjectKey(k.Key), k.Plain}}}, err
}

func projectError(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return &problem.Error{Code: problem.NotFound, Detail: "The project of this key is not there any more."}
	}
	return fmt.Errorf("project: %w", err)
}
