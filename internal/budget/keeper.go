package budget

import (
	"context"
	"sync"
	"time"
)

// Keeper keeps the states of budgets, one for each connection.
type Keeper interface {
	// Change lets change alter a state while nobody else does. It may run more than once, each time from what is kept; the last run counts. Of a
	// Change that gives an error, nobody knows whether it was kept. With a momentary context it may get lost where the keeper crashes.
	Change(ctx context.Context, connection string, change func(s *State, now Moment)) error
	// Look gives a copy of a state, as it is now.
	Look(ctx context.Context, connection string) (State, Moment, error)
}

// Moment is an instant on two clocks.
type Moment struct {
	At    time.Time // the keeper's clock, read while the state was locked
	Local time.Time // this process's own, read just before
}

// Memory keeps states for one process. Its clock never goes back.
type Memory struct {
	began time.Time
	mu    sync.Mutex
	kept  map[string]*cell
}

type cell struct {
	mu    sync.Mutex
	state State
	gone  bool // another cell has taken its place, or will
}

// NewMemory makes an empty Memory.
func NewMemory() *Memory { return &Memory{began: time.Now(), kept: map[string]*cell{}} }

// Change implements Keeper. It gives no error.
func (m *Memory) Change(_ context.Context, connection string, change func(s *State, now Moment)) error {
	c := m.lock(connection)
	defer c.mu.Unlock()
	change(&c.state, m.now())
	return nil
}

// Look implements Keeper.
func (m *Memory) Look(_ context.Context, connection string) (State, Moment, error) {
	c := m.lock(connection)
	defer c.mu.Unlock()
	return c.state.clone(), m.now(), nil
}

// Forget drops the state of a connection.
func (m *Memory) Forget(connection string) { m.drop(connection, func(*State) bool { return true }) }

// tidy drops the state of a connection when it says no more than none would.
func (m *Memory) tidy(connection string) {
	now := m.now().At.UnixMicro()
	m.drop(connection, func(s *State) bool { return s.rests(now) })
}

func (m *Memory) drop(connection string, may func(*State) bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.kept[connection]
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if may(&c.state) {
		c.gone = true
		delete(m.kept, connection)
	}
}

// lock gives the cell of a connection, locked, made when there is none.
func (m *Memory) lock(connection string) *cell {
	for {
		c := m.cell(connection)
		c.mu.Lock()
		if !c.gone {
			return c
		}
		c.mu.Unlock()
	}
}

func (m *Memory) cell(connection string) *cell {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.kept[connection]
	if c == nil {
		c = &cell{}
		m.kept[connection] = c
	}
	return c
}

func (m *Memory) now() Moment {
	now := m.began.Add(time.Since(m.began))
	return Moment{now, now}
}
