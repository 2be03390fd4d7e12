package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"

	"github.com/pressly/goose/v3"

	"github.com/busbar-dev/busbar/internal/store/migrations"
)

const (
	// pageSize weighs two things: bodies of about 3 KB share larger pages better, and heads, which change at random places, cost a page each.
	pageSize = 8192
	// walBytes is how far the log grows before it is copied into the file: a page that changes often is copied once for many changes.
	walBytes = 64 << 20
	mmapSize = 1 << 30
	// cacheKiB is what the writer keeps of pages; each costs twice its size in memory. What is not kept is read from the mapped file.
	cacheKiB = 16 << 10
)

// The driver runs busy_timeout first and the rest by name.
func writerOptions() url.Values {
	return url.Values{
		"_txlock": {"immediate"},
		"_pragma": {
			"busy_timeout(10000)", "synchronous(full)", fmt.Sprintf("cache_size(-%d)", cacheKiB), "temp_store(memory)", fmt.Sprintf("mmap_size(%d)", mmapSize), "secure_delete(on)",
			fmt.Sprintf("journal_size_limit(%d)", walBytes), fmt.Sprintf("wal_autocheckpoint(%d)", walBytes/pageSize),
		},
	}
}

func readerOptions() url.Values {
	return url.Values{
		"_pragma": {"busy_timeout(10000)", "query_only(1)", "cache_size(-8192)", "temp_store(memory)", fmt.Sprintf("mmap_size(%d)", mmapSize)},
	}
}

// prepare makes the file what we need, and its schema what this program knows. The page size is taken only by a new file, before its journal mode.
func prepare(ctx context.Context, path string, db *sql.DB) error {
	for _, pragma := range []string{fmt.Sprintf("pragma page_size = %d", pageSize), "pragma journal_mode = wal"} {
		if _, err := db.ExecContext(ctx, pragma); err != nil {
			return fmt.Errorf("%s: %w", pragma, err)
		}
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, migrations.SQLite(), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	return migrate(ctx, p, path)
}

func migrate(ctx context.Context, p *goose.Provider, path string) error {
	has, knows, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read the schema version: %w", err)
	}
	if has > knows {
		return fmt.Errorf("the database %s has schema %d and this busbar knows up to %d: start the newer busbar that last used it, or restore a backup", path, has, knows)
	}
	if has == knows {
		return nil
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("bring the schema from %d to %d: %w", has, knows, err)
	}
	return nil
}
