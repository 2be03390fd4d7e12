package budget

import (
	"context"
	"strconv"
	"sync"

	"github.com/busbar-dev/busbar/internal/manifest"
)

// Budgets holds one budget per connection, so that everything that calls a system shares it.
type Budgets struct {
	keeper  Keeper
	memory  *Memory // what of it is in this process
	replica string
	remote  bool

	mu     sync.Mutex
	byID   map[string]*Budget
	made   int
	tidyAt int // budgets, when the idle ones go
	closed bool
}

// NewBudgets makes budgets that this process shares with nobody.
func NewBudgets() *Budgets {
	m := NewMemory()
	return &Budgets{keeper: m, memory: m, byID: map[string]*Budget{}}
}

// NewSharedBudgets makes budgets that every process with the same database shares. replica names this one: no other, before or after, has that name.
func NewSharedBudgets(d *Database, replica string) *Budgets {
	return &Budgets{keeper: d, memory: d.Own, replica: replica, remote: true, byID: map[string]*Budget{}}
}

// For gives the budget of a connection. When the limits are not those it was made with, a new one takes its place.
func (b *Budgets) For(connectionID string, l manifest.Limits) *Budget {
	b.mu.Lock()
	defer b.mu.Unlock()
	one := b.byID[connectionID]
	if one == nil || one.limits != l {
		b.made++
		one = newBudget(b.keeper, connectionID, b.replica+"."+strconv.Itoa(b.made), l, b.remote)
		one.closed = b.closed
		if len(b.byID) >= max(b.tidyAt, fewBudgets) {
			b.tidy()
		}
		b.byID[connectionID] = one
	}
	return one
}

// fewBudgets may be kept though nobody uses them.
const fewBudgets = 1024

// tidy drops budgets that nobody uses. Whoever still has one may go on with it: what counts is in the keeper.
func (b *Budgets) tidy() {
	for id, one := range b.byID {
		if one.idle() {
			delete(b.byID, id)
			b.memory.tidy(id)
		}
	}
	b.tidyAt = 2 * len(b.byID)
}

// idle tells whether nothing is under way here, nor to be told.
func (b *Budget) idle() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.held == 0 && !b.waits() && !b.turn.underway && !b.turn.news && b.alarm.due.IsZero() && len(b.outcomes) == 0 && len(b.turn.ask.Outcomes) == 0
}

// Forget drops the budget of a connection that ended.
func (b *Budgets) Forget(connectionID string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.byID, connectionID)
	b.memory.Forget(connectionID)
}

// Look shows a connection's budget; l is what its system grants.
func (b *Budgets) Look(ctx context.Context, connectionID string, l manifest.Limits) (Look, error) {
	s, now, err := b.keeper.Look(ctx, connectionID)
	if err != nil {
		return Look{}, err
	}
	return s.look(l, now.At), nil
}

// Close sends away who waits and frees the places of this process. Safe to call twice.
func (b *Budgets) Close() {
	b.mu.Lock()
	b.closed = true
	var all []*Budget
	for _, one := range b.byID {
		all = append(all, one)
	}
	b.mu.Unlock()
	for _, one := range all {
		one.close()
	}
}
