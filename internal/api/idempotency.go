package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// presumedLost is how long a request with a key may run before it is taken to have ended without an answer, as when the process was killed.
const presumedLost = time.Minute

// keyed is a request with an idempotency key, and what came of it.
type keyed struct {
	server *server
	row    store.IdempotencyKey
}

// idempotent lets a request that is repeated with its key have its effect once: its answer is kept, sealed, and given again. Writes of records do so themselves, with
// the effect.
func (s *server) idempotent(hc huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(hc)
	if r.Method == http.MethodGet || r.Method == http.MethodHead || mannerOf(hc.Operation()).keyed || len(r.Header.Values(keyHeader)) == 0 {
		next(hc)
		return
	}
	k, err := s.keyOf(hc.Context(), hc.Operation(), r)
	if err == nil {
		err = k.once(hc, w, r, next)
	}
	if err != nil {
		s.fail(w, r, err)
	}
}

// keyOf reads the key and what it stands for.
func (s *server) keyOf(ctx context.Context, op *huma.Operation, r *http.Request) (*keyed, error) {
	name, err := idempotencyKey(r.Header)
	if err != nil {
		return nil, err
	}
	var body []byte
	if op.RequestBody != nil {
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, fmt.Errorf("read a checked body: %w", err)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	who := callerOf(ctx)
	owner := store.KeyOwner(who.projectID())
	if m := who.principal.Member; m != nil { // an answer may hold a secret that was shown to one of them
		owner = store.KeyOwner(m.ID)
	}
	if who.connection != nil {
		owner = connectionKeys(who.connection)
	}
	hash := requestHash(r, body)
	if who.principal.Key != nil { // nor may it give a key what it could not have asked for itself
		hash = requestHash(r, append(body, "\n"+strings.Join(slices.Sorted(slices.Values(who.scopes())), " ")...))
	}
	return &keyed{server: s, row: store.IdempotencyKey{Owner: owner, Name: name, Hash: hash}}, nil
}

// once runs the request unless its key was used before. A client that goes away does not end it.
func (k *keyed) once(hc huma.Context, w http.ResponseWriter, r *http.Request, next func(huma.Context)) error {
	found, err := k.claim(hc.Context())
	if err != nil {
		return err
	}
	if found != nil {
		return k.replay(w, found)
	}
	ctx := context.WithoutCancel(hc.Context())
	answer := &keptAnswer{header: http.Header{}}
	next(huma.WithContext(humago.NewContext(hc.Operation(), r.WithContext(ctx), answer), ctx))
	if err := k.keep(ctx, answer); err != nil {
		k.server.Log.ErrorContext(ctx, "an answer could not be kept with its idempotency key", "request_id", infoOf(ctx).id, "error", err.Error())
	}
	answer.send(w)
	return nil
}

// claim takes the key, or gives what is there.
func (k *keyed) claim(ctx context.Context) (found *store.IdempotencyKey, err error) {
	err = k.server.Store.Write(ctx, func(tx *store.Tx) error {
		found, _, err = tx.ClaimKey(ctx, k.row, k.server.Now())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("claim an idempotency key: %w", err)
	}
	return found, nil
}

// keep stores a good answer with the key. One that refuses had no effect, and one that failed may be tried again: their key is free.
func (k *keyed) keep(ctx context.Context, a *keptAnswer) error {
	s := k.server
	if a.status >= http.StatusBadRequest {
		return s.Store.Write(ctx, func(tx *store.Tx) error { return tx.FreeKey(ctx, k.row.Owner, k.row.Name) })
	}
	sealed, err := s.Secrets.SealAnswer(string(k.row.Owner), k.row.Name, a.body.Bytes())
	if err != nil {
		return err
	}
	k.row.Status, k.row.Headers, k.row.Answer = a.status, mustMarshal(a.header), sealed
	return s.Store.Write(ctx, func(tx *store.Tx) error { return tx.AnswerKey(ctx, k.row) })
}

// replay gives the kept answer again, or says why there is none.
func (k *keyed) replay(w http.ResponseWriter, found *store.IdempotencyKey) error {
	switch {
	case !bytes.Equal(found.Hash, k.row.Hash):
		return problem.New(problem.IdempotencyKeyReused, "This Idempotency-Key came with another request before. Use a new key for a new request; to repeat a request, repeat it exactly.")
	case found.Status == 0 && k.server.Now().Sub(found.CreatedAt) < presumedLost:
		return problem.New(problem.OperationInProgress, "The first request with this key is still being worked on. Send it again in a few seconds.").After(time.Second)
	case found.Status == 0:
		return problem.New(problem.Conflict, "The first request with this key ended without an answer, and it is not known whether it took effect. Look whether it did; if not, send it again with a new key.")
	}
	body, err := k.server.Secrets.OpenAnswer(string(k.row.Owner), k.row.Name, found.Answer)
	if err != nil {
		return fmt.Errorf("open a kept answer: %w", err)
	}
	a := &keptAnswer{header: http.Header{}, status: found.Status}
	if err := json.Unmarshal(found.Headers, &a.header); err != nil {
		return fmt.Errorf("read the headers of a kept answer: %w", err)
	}
	a.header.Set(replayedHeader, "true")
	a.body.Write(body)
	a.send(w)
	return nil
}

// keptAnswer takes an answer instead of the client.
type keptAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header, WriteHeader and Write make it an http.ResponseWriter.
func (a *keptAnswer) Header() http.Header { return a.header }

// WriteHeader notes the first status.
func (a *keptAnswer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *keptAnswer) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(b)
}

// send gives the answer to the client.
func (a *keptAnswer) send(w http.ResponseWriter) {
	maps.Copy(w.Header(), a.header)
	w.WriteHeader(max(a.status, http.StatusOK))
	_, _ = w.Write(a.body.Bytes())
}
