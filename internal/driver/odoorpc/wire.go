package odoorpc

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/web"
	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/rawjson"
)

type login struct{ database, user, key string }

type wire struct {
	config driver.Config
	base   string
	login  login
}

// call is one call of a model's method, as both protocols can send it.
type call struct {
	model, method string
	ids           []int64        // the records; nil: the model itself
	first         *argument      // the one argument that JSON-RPC wants by position, because its name differs between versions or is none
	named         map[string]any // the others
	context       map[string]any
}

type argument struct {
	name  string // as JSON-2 has it
	value any
}

const (
	rpcPath  = "/jsonrpc"
	json2At  = "/json/2/"
	callID   = "1"
	jsonType = "application/json"
)

// answer is what came back whole.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// request makes the request of a call within a session.
func (w *wire) request(ctx context.Context, s *session, c call) (*http.Request, error) {
	if s.json2 {
		return w.json2Request(ctx, c)
	}
	args := []any{}
	if c.ids != nil {
		args = append(args, c.ids)
	}
	if c.first != nil {
		args = append(args, c.first.value)
	}
	named := map[string]any{}
	for k, v := range c.named {
		named[k] = v
	}
	if c.context != nil {
		named["context"] = c.context
	}
	return w.rpcRequest(ctx, "object", "execute_kw", w.login.database, s.uid, w.login.key, c.model, c.method, args, named)
}

func (w *wire) json2Request(ctx context.Context, c call) (*http.Request, error) {
	body := map[string]any{}
	for k, v := range c.named {
		body[k] = v
	}
	if c.ids != nil {
		body["ids"] = c.ids
	}
	if c.first != nil {
		body[c.first.name] = c.first.value
	}
	if c.context != nil {
		body["context"] = c.context
	}
	req, err := w.post(ctx, json2At+url.PathEscape(c.model)+"/"+url.PathEscape(c.method), body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "bearer "+w.login.key)
	if w.login.database != "" {
		req.Header.Set("X-Odoo-Database", w.login.database)
	}
	return req, nil
}

func (w *wire) rpcRequest(ctx context.Context, service, method string, args ...any) (*http.Request, error) {
	if args == nil {
		args = []any{}
	}
	return w.post(ctx, rpcPath, map[string]any{"jsonrpc": "2.0", "method": "call", "id": json.Number(callID),
		"params": map[string]any{"service": service, "method": method, "args": args}})
}

func (w *wire) post(ctx context.Context, path string, body any) (*http.Request, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return nil, &driver.Error{Kind: driver.Invalid, Detail: "A call cannot be written as JSON.", Err: err}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.base+path, bytes.NewReader(raw))
	if err != nil {
		return nil, &driver.Error{Kind: driver.Unreachable, Field: fieldURL, Detail: "The address is not valid.", Err: egress.Scrub(err)}
	}
	req.Header.Set("Content-Type", jsonType)
	req.Header.Set("Accept", jsonType)
	return req, nil
}

// read sends a request that changes nothing and gives the result's bytes. Errors are *driver.Error.
func (w *wire) read(req *http.Request, json2 bool) ([]byte, error) {
	resp, err := egress.Do(w.config.HTTP, req)
	if err != nil {
		return nil, w.answerer().Unanswered(err)
	}
	defer resp.Body.Close()
	body, err := web.ReadAll(resp)
	got := answer{resp.StatusCode, resp.Header, body}
	if err != nil && got.status == http.StatusOK {
		return nil, w.answerer().Broken(err)
	}
	if json2 {
		return w.bare(got)
	}
	result, err := w.unwrap(got)
	if err == nil && result == nil {
		return nil, torn(nil)
	}
	return result, err
}

// unwrap takes the result out of an answer of JSON-RPC; nil where it has none, because the method gives nothing.
func (w *wire) unwrap(got answer) ([]byte, error) {
	if got.status != http.StatusOK {
		return nil, w.statusError(got)
	}
	body := bytes.TrimSpace(got.body)
	if len(body) == 0 || body[0] != '{' {
		return nil, notOdoo(got.status)
	}
	if err := rawjson.Valid(body); err != nil {
		return nil, torn(err)
	}
	if id, _, err := rawjson.Find(body, "id"); err != nil || string(id) != callID {
		return nil, notOdoo(got.status)
	}
	if fault, ok, err := rawjson.Find(body, "error"); err == nil && ok && string(fault) != "null" {
		return nil, w.faultError(got.status, fault, "data", "name")
	}
	result, _, err := rawjson.Find(body, "result")
	if err != nil {
		return nil, torn(err)
	}
	return result, nil
}

// bare takes an answer of JSON-2, which is the result itself or an error by its status.
func (w *wire) bare(got answer) ([]byte, error) {
	body := bytes.TrimSpace(got.body)
	if got.status != http.StatusOK {
		if _, ok, err := rawjson.Find(body, "name"); err == nil && ok {
			return nil, w.faultError(got.status, body, "name")
		}
		return nil, w.statusError(got)
	}
	if len(body) == 0 || web.IsHTML(got.header, body) {
		return nil, notOdoo(got.status)
	}
	if err := rawjson.Valid(body); err != nil {
		return nil, torn(err)
	}
	return body, nil
}
