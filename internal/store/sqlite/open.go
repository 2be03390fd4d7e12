// Package sqlite opens the embedded database: one file in a data directory that one process uses at a time. It supplies what SQLite does in its
// own way (pools, pragmas, bulk statements); the rules are package store's.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"

	"github.com/busbar-dev/busbar/internal/store"
)

const (
	fileName = "busbar.db"
	lockName = "busbar.lock"
	readers  = 8
)

// Open opens the database in dir, making both when there are none, and brings its schema up to date. Errors say what to do next;
// store.ErrInUse: another process has it open.
func Open(ctx context.Context, dir string) (*store.Store, error) {
	lock, err := claim(dir)
	if err != nil {
		return nil, err
	}
	e, err := open(ctx, dir)
	if err != nil {
		return nil, errors.Join(err, lock.Unlock())
	}
	e.Release = lock.Unlock
	return store.New(ctx, e)
}

// claim makes the directory private and takes its lock file.
func claim(dir string) (*flock.Flock, error) {
	if err := makePrivate(dir); err != nil {
		return nil, err
	}
	lock := flock.New(filepath.Join(dir, lockName), flock.SetPermissions(0o600))
	got, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock the data directory %s: %w: this user must be able to write in it", dir, err)
	}
	if !got {
		return nil, fmt.Errorf("%w: %s: stop the other busbar, or start this one with another directory", store.ErrInUse, dir)
	}
	return lock, nil
}

// makePrivate makes the directory, or closes one that is empty or already ours to other users. A directory that holds something else and is
// open to others is left as it is.
func makePrivate(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the data directory %s: %w: choose a directory that this user may write", dir, err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("look at the data directory %s: %w", dir, err)
	}
	if info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("look at the data directory %s: %w", dir, err)
	}
	if _, err := os.Stat(filepath.Join(dir, lockName)); len(entries) > 0 && err != nil {
		return fmt.Errorf("the directory %s is open to other users and holds other files: choose a directory that is busbar's own", dir)
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return fmt.Errorf("make the data directory %s private: %w: it must belong to the user who runs busbar", dir, err)
	}
	return nil
}

func open(ctx context.Context, dir string) (store.Engine, error) {
	path := filepath.Join(dir, fileName)
	if err := touch(path); err != nil {
		return store.Engine{}, err
	}
	writer, err := pool(path, 1, writerOptions())
	if err != nil {
		return store.Engine{}, err
	}
	reader, err := pool(path, readers, readerOptions())
	if err != nil {
		return store.Engine{}, errors.Join(err, writer.Close())
	}
	b, err := ready(ctx, path, writer, reader)
	if err != nil {
		return store.Engine{}, errors.Join(explainOpen(path, err), reader.Close(), writer.Close())
	}
	return store.Engine{Writer: writer, Reader: reader, Bulk: b, Explain: explain, Scrub: scrub(path)}, nil
}

// touch makes the file with its mode before SQLite would make it with another, and finds out early that it cannot be written.
func touch(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("open the database %s: %w: this user must be able to read and write it", path, err)
	}
	return errors.Join(f.Chmod(0o600), f.Close())
}

func pool(path string, size int, options url.Values) (*sql.DB, error) {
	db, err := openKeeping((&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: options.Encode()}).String())
	if err != nil {
		return nil, fmt.Errorf("open the database %s: %w", path, err)
	}
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	return db, nil
}

func ready(ctx context.Context, path string, writer, reader *sql.DB) (*bulk, error) {
	if err := prepare(ctx, path, writer); err != nil {
		return nil, err
	}
	return newBulk(ctx, writer, reader)
}
