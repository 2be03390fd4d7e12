// Package queries is the SQL that both engines run unchanged, and the Go code that sqlc makes of it (see sqlc.yaml). It knows rows, not rules:
// package store is its only user. Parameters are numbered in the order of their first use, which SQLite needs.
package queries

import (
	"database/sql/driver"
	"fmt"
	"time"
)

// Time is an instant kept as microseconds; the zero time is null.
type Time struct{ time.Time }

// At makes a Time.
func At(t time.Time) Time { return Time{t} }

// Value gives microseconds or null.
func (t Time) Value() (driver.Value, error) {
	if t.IsZero() {
		return nil, nil
	}
	return t.UnixMicro(), nil
}

// Scan takes microseconds or null.
func (t *Time) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		t.Time = time.Time{}
	case int64:
		t.Time = time.UnixMicro(v).UTC()
	default:
		return fmt.Errorf("an instant is kept as microseconds, not as %T", v)
	}
	return nil
}

// Flag is a truth value kept as 0 or 1.
type Flag bool

// Value gives 0 or 1.
func (f Flag) Value() (driver.Value, error) {
	if f {
		return int64(1), nil
	}
	return int64(0), nil
}

// Scan takes 0 or 1.
func (f *Flag) Scan(v any) error {
	n, ok := v.(int64)
	if !ok {
		return fmt.Errorf("a flag is kept as 0 or 1, not as %T", v)
	}
	*f = n != 0
	return nil
}
