package outside

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/busbar-dev/busbar/internal/flow/hook"
	"github.com/busbar-dev/busbar/internal/flow/machine"
	"github.com/busbar-dev/busbar/internal/problem"
)

// EventType is the type of every webhook that a step of a flow sends.
const EventType = "flow.notification"

// event is the body of a webhook.
type event struct {
	Type      string          `json:"type"`
	Timestamp time.Time       `json:"timestamp"`
	Data      json.RawMessage `json:"data"`
}

// Notify sends a webhook, or mail where the effect names who gets it. Both may be sent again with the same key, by which whoever gets them knows them: letters, digits and any of -_/=+.
func (s *Sender) Notify(ctx context.Context, key string, e machine.Effect) machine.Result {
	if !atom(key) {
		return machine.Result{Failure: problem.New(problem.Internal, "").Wrap(fmt.Errorf("the key %q cannot be the id of a message", key))}
	}
	e.Repeatable = true
	if len(e.To) > 0 {
		return s.sendMail(ctx, key, e)
	}
	post, wrong := s.signed(key, e)
	if wrong != nil {
		return machine.Result{Failure: wrong}
	}
	return s.exchange(ctx, key, post, statusOf)
}

// statusOf gives the status alone: nobody reads what a receiver of webhooks answers beside it.
func statusOf(resp *http.Response) (json.RawMessage, error) {
	_, _ = io.CopyN(io.Discard, resp.Body, 4<<10) // the connection can be used again
	return fmt.Appendf(nil, `{"status":%d}`, resp.StatusCode), nil
}

// signed makes the request of a webhook. Without a secret it has no signature.
func (s *Sender) signed(key string, e machine.Effect) (machine.Effect, *problem.Error) {
	at := s.now()
	data := e.Data
	if data == nil {
		data = json.RawMessage("null")
	}
	body, err := json.Marshal(event{EventType, at.UTC(), data})
	if err != nil {
		return e, unusable("The data of the webhook cannot be written as JSON.")
	}
	headers, err := hook.Sign(e.Secret, key, at, body)
	if err != nil {
		return e, unusable("The webhook cannot be signed: %s.", err)
	}
	e.Method, e.Body, e.ContentType, e.Headers = http.MethodPost, body, "application/json", nil
	for name := range headers {
		e.Headers = append(e.Headers, machine.Field{Name: name, Value: headers.Get(name)})
	}
	return e, nil
}
