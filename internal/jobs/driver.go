package jobs

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/busbar-dev/busbar/internal/store"
)

// driverFor gives the job engine's way to the store's database.
func driverFor(s *store.Store) riverdriver.Driver[*sql.Tx] {
	if shared := s.Shared(); shared != nil {
		return riverdatabasesql.NewWithPgxListener(s.DB(), shared.Listener)
	}
	return riversqlite.New(s.DB())
}

// migrate brings the job engine's tables up to date; processes that start at the same time do it one after the other.
func migrate(ctx context.Context, c Config, driver riverdriver.Driver[*sql.Tx]) error {
	migrator, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: quiet(c.Log)})
	if err != nil {
		return fmt.Errorf("prepare the job tables: %w", err)
	}
	err = c.Store.Alone(ctx, func(ctx context.Context) error {
		_, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
		return err
	})
	if err != nil {
		return fmt.Errorf("migrate the job tables: %w", err)
	}
	return nil
}

// clock makes the job engine go by the same clock as everything else.
type clock struct{ now func() time.Time }

func (c clock) Now() time.Time { return c.now() }

// NowOrNil leaves the time to the database where the job engine can.
func (clock) NowOrNil() *time.Time { return nil }

// quiet keeps the job engine's routine messages out of the log: only warnings and errors pass.
func quiet(log *slog.Logger) *slog.Logger {
	if log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(levelFloor{log.Handler()})
}

type levelFloor struct{ slog.Handler }

func (h levelFloor) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && h.Handler.Enabled(ctx, l)
}
