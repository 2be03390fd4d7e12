package sqlite

import (
	"errors"
	"fmt"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/busbar-dev/busbar/internal/store"
)

// primary is the part of an SQLite result code that names the kind of error.
const primary = 0xff

func explain(err error) error {
	if code(err) == lib.SQLITE_FULL {
		return fmt.Errorf("%w: make room where the data directory is; what was under way will go on: %w", store.ErrFull, err)
	}
	return err
}

func explainOpen(path string, err error) error {
	switch code(err) {
	case lib.SQLITE_READONLY, lib.SQLITE_CANTOPEN, lib.SQLITE_PERM:
		return fmt.Errorf("the database %s cannot be written: make its directory and files writable for this user: %w", path, err)
	case lib.SQLITE_NOTADB, lib.SQLITE_CORRUPT:
		return fmt.Errorf("the database %s is damaged or no busbar database: restore a backup, or start with an empty directory: %w", path, err)
	}
	return explain(fmt.Errorf("open the database %s: %w", path, err))
}

func code(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code() & primary
	}
	return -1
}
