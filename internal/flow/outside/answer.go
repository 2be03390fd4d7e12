package outside

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"golang.org/x/text/encoding/htmlindex"

	"github.com/busbar-dev/busbar/internal/flow/lang"
)

// answer is the result of a request as steps see it.
type answer struct {
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"` // by their names in small letters
	Body    json.RawMessage   `json:"body"`
}

var errTooLong = errors.New("the answer is longer than allowed")

// valueOf reads an answer to its end. Its body is JSON where it says so and can be read as such, else a text; null is none.
func valueOf(resp *http.Response) (json.RawMessage, error) {
	body, err := io.ReadAll(io.LimitReader(resp.Body, MaxAnswer+1))
	if err != nil {
		return nil, err
	}
	if len(body) > MaxAnswer {
		return nil, errTooLong
	}
	a := answer{Status: resp.StatusCode, Headers: shown(resp.Header), Body: json.RawMessage("null")}
	contentType := resp.Header.Get("Content-Type")
	if len(body) == 0 {
		return json.Marshal(a)
	}
	if saysJSON(contentType) {
		a.Body = bytes.TrimPrefix(body, []byte("\ufeff"))
		if value, err := json.Marshal(a); err == nil && readable(value) {
			return value, nil
		}
	}
	a.Body, _ = json.Marshal(textOf(contentType, body))
	if len(a.Body) > MaxAnswer {
		return nil, errTooLong
	}
	return json.Marshal(a)
}

func saysJSON(contentType string) bool {
	kind, _, _ := mime.ParseMediaType(contentType)
	return kind == "application/json" || kind == "text/json" || strings.HasSuffix(kind, "+json")
}

// readable says that steps can take a value, which is nested no deeper than they read.
func readable(value []byte) bool {
	_, err := lang.Decode(value)
	return err == nil
}

// textOf reads a text in the charset that it says; what is no character there comes out as the sign for that.
func textOf(contentType string, body []byte) string {
	_, params, _ := mime.ParseMediaType(contentType)
	if known, err := htmlindex.Get(params["charset"]); err == nil {
		if text, err := known.NewDecoder().Bytes(body); err == nil {
			body = text
		}
	}
	return strings.ToValidUTF8(string(body), "\ufffd")
}

// shown gives the headers of an answer that are no secrets.
func shown(h http.Header) map[string]string {
	out := map[string]string{}
	for name, values := range h {
		if !private(name) {
			out[strings.ToLower(name)] = textOf("", []byte(strings.Join(values, ", ")))
		}
	}
	return out
}

// private tells by its name that a header holds a secret.
func private(name string) bool {
	name = strings.ToLower(name)
	for _, word := range []string{"authoriz", "authentic", "cookie", "token", "secret", "password", "api-key", "apikey", "signature"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}
