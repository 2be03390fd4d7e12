package app

import (
	"errors"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/budget"
	"github.com/busbar-dev/busbar/internal/store"
)

// newBudgets makes the budgets of calls: in the database where other processes share it, else in memory.
func newBudgets(st *store.Store) *budget.Budgets {
	shared := st.Shared()
	if shared == nil {
		return budget.NewBudgets()
	}
	missing := func(err error) bool { return errors.Is(err, store.ErrNotFound) }
	return budget.NewSharedBudgets(&budget.Database{Rows: st, Now: shared.Now, Missing: missing, Own: budget.NewMemory()}, uuid.NewString())
}
