package budget

import (
	"sync"

	"github.com/busbar-dev/busbar/internal/manifest"
)

// Budgets holds one budget per connection, so that everything that calls a system shares it.
type Budgets struct {
	mu   sync.Mutex
	byID map[string]entry
}

type entry struct {
	limits manifest.Limits
	budget *Budget
}

// NewBudgets makes an empty registry.
func NewBudgets() *Budgets { return &Budgets{byID: map[string]entry{}} }

// For gives the budget of a connection. When the limits are not those it was made with, a new one takes its place.
func (b *Budgets) For(connectionID string, l manifest.Limits) *Budget {
	b.mu.Lock()
	defer b.mu.Unlock()
	e, ok := b.byID[connectionID]
	if !ok || e.limits != l {
		e = entry{l, New(l)}
		b.byID[connectionID] = e
	}
	return e.budget
}

// Forget drops the budget of a connection that ended.
func (b *Budgets) Forget(connectionID string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.byID, connectionID)
}
