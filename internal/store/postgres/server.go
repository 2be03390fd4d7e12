package postgres

import (
	"context"
	"database/sql"
)

// whichServer names the line of history that commits go to: the cluster, the database in it, and the timeline, which a failover and a restored backup both change.
const whichServer = `select c.system_identifier::text || '/' || d.oid::text || '/' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)
from pg_control_system() c, pg_database d where d.datname = current_database()`

// server is store.Shared's Server.
func server(writer *sql.DB) func(ctx context.Context) (string, error) {
	return func(ctx context.Context) (name string, err error) {
		err = writer.QueryRowContext(ctx, whichServer).Scan(&name)
		return name, err
	}
}
