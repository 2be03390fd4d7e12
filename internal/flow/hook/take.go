package hook

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/busbar-dev/busbar/internal/flow/lang"
	"github.com/busbar-dev/busbar/internal/problem"
)

// MaxBody bounds what a call of a flow's address may bring, in bytes. Whoever reads it reads one byte more, to see that there is none.
const MaxBody = 1 << 20

// Tolerance is how far the time of a signed call may be from ours.
const Tolerance = 5 * time.Minute

// maxID bounds what tells one call from another, in bytes.
const maxID = 255

// Take checks a call of a flow's address, and gives what it brings as JSON and what it is told from others by: two calls with the same id are one, and without an id each is one of its own. With a secret the
// call has to be signed; without one, whoever knows the address may call. Errors: payload-too-large, invalid-signature, malformed-request.
func Take(secret string, h http.Header, body []byte, now time.Time) (input json.RawMessage, id string, wrong *problem.Error) {
	if len(body) > MaxBody {
		return nil, "", problem.Newf(problem.PayloadTooLarge, "A call of a flow brings %d bytes at most.", MaxBody)
	}
	id = h.Get(standardwebhooks.HeaderWebhookID)
	if secret != "" {
		if wrong := signed(secret, h, body, now); wrong != nil {
			return nil, "", wrong
		}
	} else if id == "" {
		id = h.Get("Idempotency-Key")
	}
	if len(id) > maxID || !utf8.ValidString(id) {
		return nil, "", problem.Newf(problem.MalformedRequest, "What the call is known by, webhook-id or Idempotency-Key, has %d bytes of UTF-8 at most.", maxID)
	}
	input, err := inputOf(h.Get("Content-Type"), body)
	if err != nil {
		return nil, "", problem.New(problem.MalformedRequest, "The Content-Type says that the body is JSON, and it cannot be read as that: "+err.Error()+".").Wrap(err)
	}
	return input, id, nil
}

// signed checks signature and age. Whoever has no secret is not told more than that the signature is not it.
func signed(secret string, h http.Header, body []byte, now time.Time) *problem.Error {
	switch err := verify(secret, h, body); {
	case errors.Is(err, ErrSecret):
		return problem.New(problem.Internal, "The secret of this flow cannot be used; make a new one.").Wrap(err)
	case missing(err):
		return problem.New(problem.InvalidSignature, "The call has to be signed: headers webhook-id, webhook-timestamp and webhook-signature, as www.standardwebhooks.com says.")
	case err != nil:
		return problem.New(problem.InvalidSignature, "No signature of the call is the one of this flow's secret and these bytes.").Wrap(err)
	}
	seconds, err := strconv.ParseInt(h.Get(standardwebhooks.HeaderWebhookTimestamp), 10, 64)
	if age := now.Sub(time.Unix(seconds, 0)); err != nil || age > Tolerance || age < -Tolerance {
		return problem.Newf(problem.InvalidSignature, "The call was signed more than %.0f minutes before or after now, %s. Is the clock of who signs right?", Tolerance.Minutes(), now.UTC().Format(time.RFC3339)).
			Wrap(fmt.Errorf("webhook-timestamp %d: %w", seconds, err))
	}
	return nil
}

// inputOf gives a body as JSON: as it is where it is JSON, or must be because it says so; else as a text. Nothing is null.
func inputOf(contentType string, body []byte) (json.RawMessage, error) {
	plain := bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\ufeff")))
	if len(plain) == 0 {
		return json.RawMessage("null"), nil
	}
	kind, _, _ := mime.ParseMediaType(contentType)
	var whole json.RawMessage
	err := json.Unmarshal(plain, &whole)
	if err == nil {
		_, err = lang.Decode(slices.Concat([]byte("[["), plain, []byte("]]"))) // as in what steps see
	}
	if err == nil {
		return plain, nil
	}
	if kind == "application/json" || strings.HasSuffix(kind, "+json") {
		return nil, err
	}
	return json.Marshal(strings.ToValidUTF8(string(body), "\ufffd"))
}
