package requesttracker

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Try makes one call of the REST interface as the administrator, and gives the answer; a status that is no success is an error.
func (s *Server) Try(ctx context.Context, method, path string, body any) (json.RawMessage, error) {
	var payload []byte
	if body != nil {
		var err error
		if payload, err = json.Marshal(body); err != nil {
			return nil, err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, s.URL+"/REST/2.0/"+path, bytes.NewReader(payload))
	if err != nil {
		return nil, err
	}
	req.SetBasicAuth(s.Root, s.RootPassword)
	req.Header.Set("Content-Type", "application/json")
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode >= 300 {
		err = fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, answer)
	}
	return answer, err
}

// Call is Try that ends the test on an error.
func (s *Server) Call(method, path string, body any) json.RawMessage {
	s.t.Helper()
	answer, err := s.Try(context.Background(), method, path, body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer
}

// Ticket gives one member of a ticket, as text.
func (s *Server) Ticket(id, member string) string {
	s.t.Helper()
	var ticket map[string]any
	if err := json.Unmarshal(s.Call(http.MethodGet, "ticket/"+id, nil), &ticket); err != nil {
		s.t.Fatal(err)
	}
	return fmt.Sprint(ticket[member])
}

// kinds are the resources of Request Tracker behind the entities, and the member that another user changes.
func kind(entity string) (path, member string, err error) {
	switch entity {
	case "work-orders", "service-requests":
		return "ticket", "Subject", nil
	case "assets":
		return "asset", "Description", nil
	case "users":
		return "user", "RealName", nil
	case "teams":
		return "group", "Name", nil
	}
	return "", "", fmt.Errorf("nobody changes %s", entity)
}

// Touch changes a record as another user does, in a member that the connector shows.
func (s *Server) Touch(ctx context.Context, entity, remoteID string) error {
	path, member, err := kind(entity)
	if err != nil {
		return err
	}
	said, err := s.Try(ctx, http.MethodPut, path+"/"+remoteID, map[string]string{member: "Touched at " + time.Now().Format(time.RFC3339Nano)})
	if err == nil && !strings.Contains(string(said), "changed") {
		err = fmt.Errorf("touch %s %s: %s", entity, remoteID, said)
	}
	return err
}

// Add makes a record as another user does.
func (s *Server) Add(ctx context.Context, entity string) (remoteID string, err error) {
	path, _, err := kind(entity)
	if err != nil {
		return "", err
	}
	name := "Added at " + time.Now().Format(time.RFC3339Nano)
	body := map[string]map[string]string{
		"work-orders":      {"Queue": "Work orders", "Subject": name},
		"service-requests": {"Queue": "Service requests", "Subject": name},
		"assets":           {"Catalog": "Plant", "Name": name},
		"users":            {"Name": name, "RealName": name},
		"teams":            {"Name": name},
	}[entity]
	answer, err := s.Try(ctx, http.MethodPost, path, body)
	if err != nil {
		return "", err
	}
	var made struct{ ID string }
	return made.ID, json.Unmarshal(answer, &made)
}

// Remove deletes a record as another user does: Request Tracker hides it from then on.
func (s *Server) Remove(ctx context.Context, entity, remoteID string) error {
	path, _, err := kind(entity)
	if err != nil {
		return err
	}
	said, err := s.Try(ctx, http.MethodPut, path+"/"+remoteID, map[string]string{"Status": "deleted"})
	if err == nil && !strings.Contains(string(said), " deleted") {
		err = fmt.Errorf("remove %s %s: %s", entity, remoteID, said)
	}
	return err
}
