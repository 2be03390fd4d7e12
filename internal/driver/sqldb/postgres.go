package sqldb

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	busbar "github.com/busbar-dev/busbar/internal/driver"
)

func postgresql() *dialect {
	return &dialect{
		kind: "postgresql", port: 5432, open: openPostgres,
		begin: func(timeout time.Duration) []string {
			return []string{"SET statement_timeout = " + strconv.FormatInt(timeout.Milliseconds(), 10), "SET TIME ZONE 'UTC'", "SET DATESTYLE = 'ISO'"}
		},
		quote: func(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` },
		param: func(n int) string { return "$" + strconv.Itoa(n) },
		top:   nothing, limit: func(n int) string { return fmt.Sprintf(" LIMIT %d", n) },
		tuples: true, lock: " FOR UPDATE", snapshot: true,
		classes: map[string]class{
			"INT2": integer, "INT4": integer, "INT8": integer, "OID": integer, "NUMERIC": number, "FLOAT4": float, "FLOAT8": float, "BOOL": boolean,
			"DATE": date, "TIMESTAMP": zoneless, "TIMESTAMPTZ": zoned, "JSON": document, "JSONB": document, "BYTEA": binary,
		},
		shown: func(expr string, c column) string {
			if c.class == array {
				return "to_json(" + expr + ")"
			}
			return expr
		},
		bound: asItIs, value: plainText,
		clock: "clock_timestamp()", version: "SELECT current_setting('server_version'), current_user",
		returns: func(key []column) (string, string) { return "", " RETURNING " + listOf(postgresql(), key) },
		call:    func(name, args string) string { return "CALL " + name + "(" + args + ")" },
		save:    [2]string{"SAVEPOINT one", "ROLLBACK TO SAVEPOINT one"},
		explain: explainPostgres,
	}
}

func openPostgres(l *login, line busbar.Line) (driver.Connector, error) {
	config, err := pgx.ParseConfig("host=localhost sslmode=disable user=nobody database=none")
	if err != nil {
		return nil, &busbar.Error{Kind: busbar.Fault, Detail: "The client of the database cannot be set up.", Err: err}
	}
	config.Host, config.Port, config.Database, config.User, config.Password = l.host, uint16(l.port), l.database, l.user, l.password //nolint:gosec // checked
	config.TLSConfig, config.Fallbacks, config.ValidateConnect = l.tls, nil, nil
	config.RuntimeParams = map[string]string{"application_name": "busbar"}
	config.DialFunc = line.Dial
	config.LookupFunc = func(_ context.Context, host string) ([]string, error) { return []string{host}, nil }
	config.DefaultQueryExecMode = pgx.QueryExecModeDescribeExec
	return stdlib.GetConnector(*config), nil
}

func explainPostgres(err error) (said, bool) {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return said{}, false
	}
	return said{verdict: verdictPostgres(e.Code), code: e.Code, words: e.Message, name: e.ConstraintName}, true
}

func verdictPostgres(code string) verdict {
	switch code {
	case "23505":
		return doubled
	case "42501", "25006":
		return forbidden
	case "57014":
		return slow
	case "40001", "40P01", "55P03":
		return again
	case "53300":
		return crowded
	case "3D000":
		return badDatabase
	case "57P01", "57P02", "57P03":
		return away
	}
	switch code[:min(len(code), 2)] {
	case "28":
		return badLogin
	case "42", "0A", "3F", "26":
		return wrong
	case "22", "23", "44", "P0":
		return badValue
	}
	return failed
}
