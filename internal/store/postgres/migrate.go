package postgres

import (
	"context"
	"fmt"

	"github.com/pressly/goose/v3"

	"github.com/busbar-dev/busbar/internal/store/migrations"
)

// migrate makes the schema what this program knows, alone among all processes.
func (d *database) migrate(ctx context.Context) error {
	db := d.open()
	defer db.Close()
	p, err := goose.NewProvider(goose.DialectPostgres, db, migrations.Postgres(), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	return d.alone(ctx, func(ctx context.Context) error { return up(ctx, p) })
}

func up(ctx context.Context, p *goose.Provider) error {
	has, knows, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read the schema version: %w", err)
	}
	if has > knows {
		return fmt.Errorf("the database has schema %d and this busbar knows up to %d: start the newer busbar that last used it, or restore a backup", has, knows)
	}
	if has == knows {
		return nil
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("bring the schema from %d to %d: %w", has, knows, err)
	}
	return nil
}
