package odoo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// Call calls a method of a model as the administrator would, such as purchase.order button_confirm with [3], and gives its result.
func (s *Server) Call(model, method string, args ...any) json.RawMessage {
	s.t.Helper()
	raw, err := s.Try(context.Background(), model, method, args...)
	if err != nil {
		s.t.Fatalf("%s %s: %v", model, method, err)
	}
	return raw
}

// Try is Call that gives the error. Archived records are records too.
func (s *Server) Try(ctx context.Context, model, method string, args ...any) (json.RawMessage, error) {
	if args == nil {
		args = []any{}
	}
	named := map[string]any{"context": map[string]any{"active_test": false}}
	return s.post(ctx, "object", "execute_kw", s.Database, s.uid, adminPassword, model, method, args, named)
}

// Search gives the ids of a domain, in order.
func (s *Server) Search(model string, domain ...any) []int {
	s.t.Helper()
	if domain == nil {
		domain = []any{}
	}
	var ids []int
	s.decode(s.Call(model, "search", domain, 0, 0, "id"), &ids)
	return ids
}

// Read gives one record as Odoo shows it.
func (s *Server) Read(model string, id int, fields ...string) map[string]any {
	s.t.Helper()
	var rows []map[string]any
	s.decode(s.Call(model, "read", []int{id}, fields), &rows)
	if len(rows) != 1 {
		s.t.Fatalf("%s %d: %d records", model, id, len(rows))
	}
	return rows[0]
}

// Create makes one record and gives its id.
func (s *Server) Create(model string, values map[string]any) int {
	s.t.Helper()
	var id int
	s.decode(s.Call(model, "create", values), &id)
	return id
}

// Write changes one record.
func (s *Server) Write(model string, id int, values map[string]any) {
	s.t.Helper()
	s.Call(model, "write", []int{id}, values)
}

// Delete removes one record.
func (s *Server) Delete(model string, id int) {
	s.t.Helper()
	s.Call(model, "unlink", []int{id})
}

func (s *Server) decode(raw json.RawMessage, to any) {
	s.t.Helper()
	if err := json.Unmarshal(raw, to); err != nil {
		s.t.Fatalf("%s: %v", raw, err)
	}
}

const adminUser, adminPassword = "admin", "admin"

func (s *Server) logIn(ctx context.Context) error {
	raw, err := s.post(ctx, "common", "login", s.Database, adminUser, adminPassword)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, &s.uid)
}

func (s *Server) post(ctx context.Context, service, method string, args ...any) (json.RawMessage, error) {
	body, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": 1, "method": "call", "params": map[string]any{"service": service, "method": method, "args": args}})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+"/jsonrpc", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var got struct {
		Result json.RawMessage `json:"result"`
		Error  *struct {
			Data struct{ Name, Message string } `json:"data"`
		} `json:"error"`
	}
	switch err := json.NewDecoder(resp.Body).Decode(&got); {
	case err != nil:
		return nil, fmt.Errorf("HTTP %d: %w", resp.StatusCode, err)
	case got.Error != nil:
		return nil, errors.New(got.Error.Data.Name + ": " + got.Error.Data.Message)
	}
	return got.Result, nil
}
