package tryton

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Call calls a method as the user of the ERP would, such as model.purchase.purchase.confirm with [[3]], and gives its
// result. The user's context is added as the last parameter.
func (s *Server) Call(method string, params ...any) json.RawMessage {
	s.t.Helper()
	result, err := s.Try(method, params...)
	if err != nil {
		s.t.Fatalf("%s: %v", method, err)
	}
	return result
}

// Try is Call that gives the error.
func (s *Server) Try(method string, params ...any) (json.RawMessage, error) {
	return s.post(context.Background(), "/"+s.Database+"/", method, append(params, s.context)...)
}

// Create makes one record of a model and gives its id.
func (s *Server) Create(model string, values map[string]any) int {
	s.t.Helper()
	ids := decode[[]int](s, s.Call("model."+model+".create", []any{values}))
	return ids[0]
}

// Write changes members of one record.
func (s *Server) Write(model string, id int, values map[string]any) {
	s.t.Helper()
	s.Call("model."+model+".write", []int{id}, values)
}

// Delete removes one record for good.
func (s *Server) Delete(model string, id int) {
	s.t.Helper()
	s.Call("model."+model+".delete", []int{id})
}

// Press does what a button does: quote, confirm, process, cancel, draft on a purchase.purchase.
func (s *Server) Press(model, button string, id int) {
	s.t.Helper()
	s.Call("model."+model+"."+button, []int{id})
}

// Search gives the ids of the records that match a domain, in order of id, archived ones only if the domain says so.
func (s *Server) Search(model string, domain ...any) []int {
	s.t.Helper()
	if domain == nil {
		domain = []any{}
	}
	return decode[[]int](s, s.Call("model."+model+".search", domain, 0, nil, []any{[]any{"id", "ASC"}}))
}

// Read gives one record's fields.
func (s *Server) Read(model string, id int, fields ...string) map[string]any {
	s.t.Helper()
	return decode[[]map[string]any](s, s.Call("model."+model+".read", []int{id}, fields))[0]
}

// Line is a line of an order made with Order.
type Line struct {
	Product  int
	Quantity float64
	Price    string
}

// Order makes a draft purchase order of that day and gives its id.
func (s *Server) Order(vendor int, day time.Time, lines ...Line) int {
	s.t.Helper()
	address := s.Search("party.address", []any{"party", "=", vendor})[0]
	rows := make([]map[string]any, len(lines))
	for i, l := range lines {
		unit := s.Read("product.product", l.Product, "purchase_uom")["purchase_uom"]
		rows[i] = map[string]any{"type": "line", "product": l.Product, "quantity": l.Quantity, "unit": unit, "unit_price": Decimal(l.Price)}
	}
	return s.Create("purchase.purchase", map[string]any{"party": vendor, "invoice_address": address, "purchase_date": Date(day),
		"lines": []any{[]any{"create", rows}}})
}

// Decimal is Tryton's notation of an exact number.
func Decimal(text string) map[string]any {
	return map[string]any{"__class__": "Decimal", "decimal": text}
}

// Date is Tryton's notation of a day.
func Date(d time.Time) map[string]any {
	d = d.UTC()
	return map[string]any{"__class__": "date", "year": d.Year(), "month": int(d.Month()), "day": d.Day()}
}

func (s *Server) preferences() map[string]any {
	s.t.Helper()
	result, err := s.post(context.Background(), "/"+s.Database+"/", "model.res.user.get_preferences", true, map[string]any{})
	if err != nil {
		s.t.Fatalf("log in to Tryton: %v", err)
	}
	return decode[map[string]any](s, result)
}

func decode[T any](s *Server, raw json.RawMessage) T {
	s.t.Helper()
	var v T
	if err := json.Unmarshal(raw, &v); err != nil {
		s.t.Fatalf("Tryton answered %.200s: %v", raw, err)
	}
	return v
}

func (s *Server) post(ctx context.Context, path, method string, params ...any) (json.RawMessage, error) {
	if params == nil {
		params = []any{}
	}
	body, err := json.Marshal(map[string]any{"id": 1, "method": method, "params": params})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.SetBasicAuth(s.User, s.Password)
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	return parse(resp)
}

func parse(resp *http.Response) (json.RawMessage, error) {
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	var answer struct{ Result, Error json.RawMessage }
	if err := json.Unmarshal(raw, &answer); err != nil {
		return nil, fmt.Errorf("HTTP %d: %.200s", resp.StatusCode, raw)
	}
	if answer.Error != nil {
		return nil, fmt.Errorf("refused: %.300s", answer.Error)
	}
	return answer.Result, nil
}
