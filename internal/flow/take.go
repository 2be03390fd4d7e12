package flow

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/busbar-dev/busbar/internal/flow/hook"
	"github.com/busbar-dev/busbar/internal/flow/lang"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/store"
)

// Hooked gives the flow of an address. The error is a *problem.Error where there is none.
func (s *Service) Hooked(ctx context.Context, plain string) (*store.Flow, error) {
	none := problem.New(problem.NotFound, "No flow takes calls at this address. It may have got a new one.")
	if kind, ok := secret.ParseToken(plain); !ok || kind != secret.HookSecret {
		return nil, none
	}
	f, err := s.Store.FlowByHook(ctx, s.Keeper.Hash(plain))
	if errors.Is(err, store.ErrNotFound) {
		return nil, none
	}
	return f, err
}

// call is what comes to the address of a flow.
type call struct {
	id    string // what tells it from others; empty: nothing does
	input json.RawMessage
	body  []byte
}

// Hook begins a run with what came to the address of a flow. The same call again begins no other: it gives the same run. nil: the flow's document says to skip it, and the flow's note says why.
func (s *Service) Hook(ctx context.Context, f *store.Flow, h http.Header, body []byte) (r *store.FlowRun, err error) {
	c := call{body: body}
	if c.input, c.id, err = s.taken(f, h, body); err != nil {
		return nil, err
	}
	err = s.Store.Write(ctx, func(tx *store.Tx) error {
		run, seen, err := s.seen(ctx, tx, f, c)
		if err != nil {
			return err
		}
		if !seen {
			if r, err = s.hooked(ctx, tx, f, c); err != nil || c.id == "" {
				return err
			}
			return tx.AnswerKey(ctx, store.IdempotencyKey{Owner: hookKeys(f), Name: c.id, Operation: runID(r), Status: http.StatusAccepted})
		}
		if r = nil; run == "" {
			return nil
		}
		if r, err = tx.FlowRun(ctx, f.ID, run); errors.Is(err, store.ErrNotFound) { // it has ended, and is not kept any more
			r, err = &store.FlowRun{ID: run, FlowID: f.ID}, nil
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("begin a run of flow %s by a call: %w", f.Name, err)
	}
	return r, nil
}

// taken checks who calls, and reads what they bring.
func (s *Service) taken(f *store.Flow, h http.Header, body []byte) (input json.RawMessage, id string, err error) {
	signing, err := s.signing(f)
	if err != nil {
		return nil, "", err
	}
	input, id, wrong := hook.Take(signing, h, body, s.Now())
	if wrong != nil {
		return nil, "", wrong
	}
	return input, id, nil
}

// seen claims the id of a call; where it was claimed before it gives the run that the call began then.
func (s *Service) seen(ctx context.Context, tx *store.Tx, f *store.Flow, c call) (run string, seen bool, err error) {
	if c.id == "" {
		return "", false, nil
	}
	hash := sha256.Sum256(c.body)
	found, claimed, err := tx.ClaimKey(ctx, store.IdempotencyKey{Owner: hookKeys(f), Name: c.id, Hash: hash[:]}, s.Now())
	switch {
	case err != nil || claimed:
		return "", false, err
	case string(found.Hash) != string(hash[:]):
		return "", false, problem.New(problem.IdempotencyKeyReused, "A call with this id came before, with another body. Give each its own.")
	}
	return found.Operation, true, nil
}

// hooked begins the run of a call.
func (s *Service) hooked(ctx context.Context, tx *store.Tx, f *store.Flow, c call) (*store.FlowRun, error) {
	now, err := tx.LockFlow(ctx, f.ID)
	if err != nil {
		return nil, err
	}
	if now.Paused {
		return nil, problem.New(problem.Conflict, "The flow is paused. Send the call again when it goes on.")
	}
	p, err := s.program(ctx, now.ID, now.Version)
	if err != nil {
		return nil, err
	}
	r, err := s.admit(ctx, tx, now, p.Flow(), Begin{Kind: lang.Webhook, Input: c.input, Caller: "webhook"})
	if err != nil {
		return nil, err
	}
	return r, tx.SetFlow(ctx, now)
}

func runID(r *store.FlowRun) string {
	if r == nil {
		return ""
	}
	return r.ID
}

// hookKeys owns the ids of the calls of a flow.
func hookKeys(f *store.Flow) store.KeyOwner { return store.KeyOwner("hook " + f.ID) }
