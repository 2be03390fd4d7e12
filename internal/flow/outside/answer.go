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

// valueOf reads an answer to its end.
func valueOf(resp *http.Response) (json.RawMessage, error) {
	body, err := io.ReadAll(io.LimitReader(resp.Body, MaxAnswer+1))
	if err != nil {
		return nil, err
	}
	if len(body) > MaxAnswer {
		return nil, errTooLong
	}
	a := answer{Status: resp.StatusCode, Headers: shown(resp.Header), Body: bodyOf(resp.Header.Get("Content-Type"), body)}
	if len(a.Body) > MaxAnswer {
		return nil, errTooLong
	}
	return json.Marshal(a)
}

// bodyOf gives a body as JSON: as it is where it says that it is and can be read as such, else as a text; null is none.
func bodyOf(contentType string, body []byte) json.RawMessage {
	if len(body) == 0 {
		return json.RawMessage("null")
	}
	kind, params, _ := mime.ParseMediaType(contentType)
	if kind == "application/json" || kind == "text/json" || strings.HasSuffix(kind, "+json") {
		plain := bytes.TrimPrefix(body, []byte("\ufeff"))
		if _, err := lang.Decode(plain); err == nil && json.Valid(plain) {
			return plain
		}
	}
	text, _ := json.Marshal(textOf(params["charset"], body))
	return text
}

// textOf reads a text in its charset; what is no character there comes out as the sign for that.
func textOf(charset string, body []byte) string {
	if known, err := htmlindex.Get(charset); err == nil {
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
