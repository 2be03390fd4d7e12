package trytonrpc

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/rawjson"
)

// send makes one call that reads, or logs in: repeating it does no harm. It gives the result's bytes. Errors are *driver.Error.
func (w *wire) send(ctx context.Context, path, auth, method string, params ...any) ([]byte, error) {
	req, err := w.request(egress.AsRead(ctx), path, auth, method, params)
	if err != nil {
		return nil, err
	}
	resp, err := egress.Do(w.config.HTTP, req)
	if err != nil {
		return nil, w.answerer().Unanswered(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, w.statusError(resp)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, w.answerer().Broken(err)
	}
	return w.unwrap(body)
}

func (w *wire) request(ctx context.Context, path, auth, method string, params []any) (*http.Request, error) {
	if params == nil {
		params = []any{}
	}
	body, err := json.Marshal(call{callID, method, params})
	if err != nil {
		return nil, &driver.Error{Kind: driver.Invalid, Detail: "A call to " + method + " cannot be written as JSON.", Err: err}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, &driver.Error{Kind: driver.Unreachable, Field: fieldURL, Detail: "The address is not valid.", Err: egress.Scrub(err)}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	if auth != "" {
		req.Header.Set("Authorization", auth)
	}
	return req, nil
}

type call struct {
	ID     json.Number `json:"id"`
	Method string      `json:"method"`
	Params []any       `json:"params"`
}

const callID = "1"

// unwrap takes the result out of an answer.
func (w *wire) unwrap(body []byte) ([]byte, error) {
	body = bytes.TrimSpace(body)
	if len(body) == 0 || body[0] != '{' {
		return nil, notTryton(0)
	}
	if fault, ok, err := rawjson.Find(body, "error"); err != nil {
		return nil, torn(err)
	} else if ok && string(fault) != "null" {
		return nil, w.faultError(fault)
	}
	result, ok, err := rawjson.Find(body, "result")
	if err != nil {
		return nil, torn(err)
	}
	if !ok {
		return nil, notTryton(0)
	}
	return result, nil
}
