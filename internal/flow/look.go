package flow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/flow/lang"
	"github.com/busbar-dev/busbar/internal/flow/machine"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// look reads of Busbar's own store what a thread wants.
func (w *work) look(e machine.Effect) (machine.Result, error) {
	conn := w.conns[e.Role]
	return looked(w.turn.work, w.Store, conn, e)
}

func looked(ctx context.Context, st *store.Store, conn *store.Connection, e machine.Effect) (machine.Result, error) {
	if e.Kind == machine.Get {
		return got(ctx, st, conn, e)
	}
	by := make([]store.FieldValue, len(e.By))
	for i, f := range e.By {
		by[i] = store.FieldValue{Field: f.Name, Value: f.Value}
	}
	recs, err := st.FindRecords(ctx, conn.Scope(), e.Entity, by, 2)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return machine.Result{Failure: problem.Newf(problem.EntityNotEnabled, "The connection for %s does not sync %s. Add it to the connection's entities.", e.Role, e.Entity)}, nil
	case err != nil:
		return machine.Result{}, fmt.Errorf("find %s of connection %s: %w", e.Entity, conn.ID, err)
	case len(recs) == 1:
		return machine.Result{Value: json.RawMessage(recs[0].JSON)}, nil
	case len(recs) > 1:
		return machine.Result{Failure: problem.Newf(problem.NothingFound, "More than one of %s has %s.", e.Entity, described(e.By))}, nil
	case e.None == lang.NoneSkips:
		return machine.Result{Skip: true}, nil
	case e.None == lang.NoneEmpty:
		return machine.Result{}, nil
	}
	return machine.Result{Failure: problem.Newf(problem.NothingFound, "None of %s has %s.", e.Entity, described(e.By))}, nil
}

// got reads a record by its id; a deleted one is none.
func got(ctx context.Context, st *store.Store, conn *store.Connection, e machine.Effect) (machine.Result, error) {
	none := machine.Result{Failure: problem.Newf(problem.NothingFound, "There is no record %q in %s.", e.ID, e.Entity)}
	id, err := uuid.Parse(e.ID)
	if err != nil {
		return none, nil
	}
	rec, err := st.Get(ctx, conn.Scope(), e.Entity, id, false)
	if errors.Is(err, store.ErrNotFound) || err == nil && rec.Deleted {
		return none, nil
	}
	if err != nil {
		return machine.Result{}, fmt.Errorf("read %s %s: %w", e.Entity, e.ID, err)
	}
	return machine.Result{Value: json.RawMessage(rec.JSON)}, nil
}

func described(by []machine.Field) string {
	parts := make([]string, len(by))
	for i, f := range by {
		parts[i] = fmt.Sprintf("%s %q", f.Name, f.Value)
	}
	return strings.Join(parts, " and ")
}
