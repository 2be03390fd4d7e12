package budget

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Rows is a database that holds a text for each connection.
type Rows interface {
	// ChangeBudget stores what change makes of a connection's text ("": none yet), while nobody else changes it; now is the database's clock
	// meanwhile, or own where nobody else uses it. change may run several times, and what it made may be stored before it runs again. What need not be
	// lasting may be lost when the database crashes, until anything is stored later that must not.
	ChangeBudget(ctx context.Context, connection string, own func() time.Time, lasting bool, change func(state string, now time.Time) (string, error)) error
	// Budget gives a connection's text.
	Budget(ctx context.Context, connection string) (string, error)
}

// Database keeps states where several processes share them.
type Database struct {
	Rows Rows
	Now  func(context.Context) (time.Time, error) // the database's clock
	// Missing says of an error that there is no such connection (yet): then nobody shares its budget, and it is kept in memory.
	Missing func(error) bool
	Own     *Memory
}

// Change implements Keeper.
func (d *Database) Change(ctx context.Context, connection string, change func(s *State, now Moment)) error {
	err := d.Rows.ChangeBudget(ctx, connection, time.Now, !isMomentary(ctx), func(text string, now time.Time) (string, error) {
		local := time.Now()
		s, err := decode(text)
		if err != nil {
			return "", err
		}
		change(&s, Moment{now, local})
		return s.encode()
	})
	switch {
	case err == nil:
		return nil
	case d.Missing(err):
		return d.Own.Change(ctx, connection, change)
	}
	return fmt.Errorf("change the budget of connection %s: %w", connection, err)
}

// Look implements Keeper.
func (d *Database) Look(ctx context.Context, connection string) (State, Moment, error) {
	text, err := d.Rows.Budget(ctx, connection)
	if err != nil && d.Missing(err) {
		return d.Own.Look(ctx, connection)
	}
	if err != nil {
		return State{}, Moment{}, fmt.Errorf("look at the budget of connection %s: %w", connection, err)
	}
	local := time.Now()
	now, err := d.Now(ctx)
	if err != nil {
		return State{}, Moment{}, fmt.Errorf("read the database's clock: %w", err)
	}
	s, err := decode(text)
	return s, Moment{now, local}, err
}

func decode(text string) (s State, err error) {
	if text == "" {
		return s, nil
	}
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return s, fmt.Errorf("read the state of a budget: %w", err)
	}
	return s, nil
}

func (s *State) encode() (string, error) {
	text, err := json.Marshal(s)
	return string(text), err
}

func (s *State) clone() State {
	c := *s
	c.Holders = slices.Clone(s.Holders)
	return c
}
