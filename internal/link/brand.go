package link

import (
	"context"
	"encoding/json"
	"fmt"
)

// Brand is what a project has set for its links.
type Brand struct {
	Name         string   `json:"name,omitempty"`          // whose links they are; empty: the project's own
	Logo         string   `json:"logo,omitempty"`          // an image as a data: address
	Colour       string   `json:"colour,omitempty"`        // #rrggbb
	Support      string   `json:"support,omitempty"`       // whom to ask when something fails
	Languages    []string `json:"languages,omitempty"`     // of the pages; empty: all
	Origins      []string `json:"origins,omitempty"`       // whose pages may show links in a frame
	RedirectURIs []string `json:"redirect_uris,omitempty"` // to which customers may be sent back
}

// Brand gives what a project has set for its links.
func (s *Service) Brand(ctx context.Context, projectID string) (Brand, error) {
	var set struct {
		Link Brand `json:"link"`
	}
	text, err := s.Store.ProjectSettings(ctx, projectID)
	if err == nil {
		err = json.Unmarshal(text, &set)
	}
	if err != nil {
		return Brand{}, fmt.Errorf("read the settings of project %s: %w", projectID, err)
	}
	return set.Link, nil
}
