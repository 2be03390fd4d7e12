package store

import (
	"database/sql"
	"errors"
)

// Sentinel facts.
var (
	ErrNotFound  = errors.New("not found")
	ErrFenced    = errors.New("the lease was lost")       // another worker has taken the run over
	ErrCancelled = errors.New("the run was cancelled")    //
	ErrConflict  = errors.New("changed in the meanwhile") //
	ErrDecided   = errors.New("a decision on held deletions came since the sweep looked at them")
	ErrFull      = errors.New("the disk is full") //
	ErrInUse     = errors.New("the data directory is in use by another process")
)

// orNotFound names the fact that there was no row.
func orNotFound(err error) error { return noRows(err, ErrNotFound) }

func noRows(err, fact error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return fact
	}
	return err
}

// hit turns a count of touched rows into the fact that there was none.
func hit(n int64, err, fact error) error {
	if err == nil && n == 0 {
		return fact
	}
	return err
}
