package sqlite

import (
	"context"
	"fmt"
	"net/url"
)

// scrub is store.Engine's Scrub: it copies the log into the file and cuts it off, so that what was overwritten in the file is not left in the log. While somebody reads what the log
// holds it gives up soon, for writers wait meanwhile.
func scrub(path string) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		db, err := pool(path, 1, url.Values{"_pragma": {"busy_timeout(250)"}})
		if err != nil {
			return false, err
		}
		defer db.Close()
		var busy, pages, copied int
		if err := db.QueryRowContext(ctx, `pragma wal_checkpoint(truncate)`).Scan(&busy, &pages, &copied); err != nil {
			return false, fmt.Errorf("cut the log of the database off: %w", err)
		}
		return busy == 0, nil
	}
}
