package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"

	"github.com/pressly/goose/v3"

	"github.com/busbar-dev/busbar/internal/store/migrations"
)

// pageSize suits rows of about 3 KB: several share a page, and few need overflow pages.
const pageSize = 16384

// A name of a pragma that begins with b is run first by the driver, which sorts them; journal mode and page size are set when the file is made.
func writerOptions() url.Values {
	return url.Values{
		"_txlock": {"immediate"},
		"_pragma": {"busy_timeout(10000)", "synchronous(full)", "cache_size(-65536)", "mmap_size(1073741824)", "temp_store(memory)", "journal_size_limit(67108864)"},
	}
}

func readerOptions() url.Values {
	return url.Values{
		"_pragma": {"busy_timeout(10000)", "query_only(1)", "cache_size(-8192)", "mmap_size(1073741824)", "temp_store(memory)"},
	}
}

// prepare makes the file what we need, and its schema what this program knows.
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
