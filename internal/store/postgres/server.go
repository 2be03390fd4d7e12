package postgres

import (
	"context"
	"database/sql"
	"errors"
)

// whichServer names the line of history that commits go to: the cluster, the database in it, and the timeline, which a failover and a restored backup both change.
const whichServer = `select c.system_identifier::text || '/' || d.oid::text || '/' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)
from pg_control_system() c, pg_database d where d.datname = current_database()`

// hasMoved compares it with the one that is stored.
const hasMoved = `select m.value <> '' and m.value <> (` + whichServer + `) from meta m where m.key = 'server'`

// moved is store.Shared's Moved.
func moved(ctx context.Context, tx *sql.Tx) (is bool, err error) {
	err = tx.QueryRowContext(ctx, hasMoved).Scan(&is)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return is, err
}

// server is store.Shared's Server.
func server(writer *sql.DB) func(ctx context.Context) (string, error) {
	return func(ctx context.Context) (name string, err error) {
		err = writer.QueryRowContext(ctx, whichServer).Scan(&name)
		return name, err
	}
}
