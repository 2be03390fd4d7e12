package store

import (
	"database/sql"
	"errors"
	"fmt"
)

// Sentinel facts.
var (
	ErrNotFound  = errors.New("not found")
	ErrFenced    = errors.New("the lease was lost")       // another worker has taken the run over
	ErrCancelled = errors.New("the run was cancelled")    //
	ErrConflict  = errors.New("changed in the meanwhile") //
	ErrDecided   = errors.New("a decision on held deletions came since the sweep looked at them")
	ErrFull      = errors.New("the disk is full") //
	ErrBusy      = errors.New("another write to this record is not over")
	ErrInUse     = errors.New("the data directory is in use by another process")
)

// BusyError names the write that has a record. It is an ErrBusy.
type BusyError struct {
	Operation string
	N         int64 // of the item
}

func (e *BusyError) Error() string {
	return fmt.Sprintf("%v: item %d of operation %s", ErrBusy, e.N, e.Operation)
}

// Unwrap gives ErrBusy.
func (e *BusyError) Unwrap() error { return ErrBusy }

// orNotFound names the fact that there was no row.
func orNotFound(err error) error { return noRows(err, ErrNotFound) }

func noRows(err, fact error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return fact
	}
	return err
}

// touched counts the rows that a statement touched.
func touched(r sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// hit turns a count of touched rows into the fact that there was none.
func hit(n int64, err, fact error) error {
	if err == nil && n == 0 {
		return fact
	}
	return err
}
