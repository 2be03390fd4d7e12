package postgres

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/busbar-dev/busbar/internal/store"
)

// The server's words for what we tell apart (SQLSTATE).
const (
	diskFull            = "53100"
	tooManyConnections  = "53300"
	outOfMemory         = "53200"
	serializationFailed = "40001"
	deadlock            = "40P01"
	lockNotAvailable    = "55P03"
	wrongPassword       = "28P01"
	notAuthorized       = "28000"
	noDatabase          = "3D000"
	noPrivilege         = "42501"
	readOnly            = "25006"
	shuttingDown        = "57P01"
	crashed             = "57P02"
	startingUp          = "57P03"
	idleInTransaction   = "25P03"
	connectionClass     = "08"
)

// code gives the server's word for an error, or nothing.
func code(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// retry is store.Shared's Retry.
func (d *database) retry(err error) bool {
	if err == nil || errors.Is(err, errUnknown) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	if lost(err) {
		d.writer.Reset() // the others are lost too
		return true
	}
	switch code(err) {
	case serializationFailed, deadlock, lockNotAvailable, tooManyConnections, readOnly:
		return true
	}
	return false
}

// away is store.Shared's Away.
func (d *database) away(err error) bool {
	var connect *pgconn.ConnectError
	return d.retry(err) || errors.Is(err, errUnknown) || errors.As(err, &connect) && !errors.Is(err, context.Canceled)
}

// lost says that the server was not reached, or not any more.
func lost(err error) bool {
	switch c := code(err); c {
	case shuttingDown, crashed, startingUp, idleInTransaction:
		return true
	case "":
		var network net.Error
		return errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
			errors.Is(err, pgconn.ErrConnClosed) || pgconn.SafeToRetry(err) || errors.As(err, &network)
	default:
		return strings.HasPrefix(c, connectionClass)
	}
}

// explain names errors by package store's facts and says what to do next.
func explain(err error) error {
	switch code(err) {
	case diskFull:
		return fmt.Errorf("%w: make room on the database server; what was under way will go on: %w", store.ErrFull, err)
	case tooManyConnections:
		return fmt.Errorf("the database server has no connection left: raise its max_connections, or write pool_max_conns=… at the end of the database's URL: %w", err)
	case readOnly:
		return fmt.Errorf("the database takes no writes: point the URL at the primary server: %w", err)
	}
	return err
}

// explainOpen says where the database was looked for, and what may be wrong there.
func explainOpen(c *pgx.ConnConfig, err error) error {
	return explain(fmt.Errorf("open the PostgreSQL database %s at %s:%d as %s: %s%w", c.Database, c.Host, c.Port, c.User, advice(c, err), err))
}

func advice(c *pgx.ConnConfig, err error) string {
	switch code(err) {
	case wrongPassword, notAuthorized:
		return "check the user and password in the URL, and that the server's pg_hba.conf lets them in: "
	case noDatabase:
		return fmt.Sprintf("make the database (createdb %s), or correct its name in the URL: ", c.Database)
	case noPrivilege:
		return fmt.Sprintf("the user must own the database or may create tables in it (alter database %s owner to %s): ", c.Database, c.User)
	case startingUp:
		return "the server is starting or stopping; try again: "
	case "":
		if strings.Contains(err.Error(), "read only connection") {
			return "the server takes no writes; point the URL at the primary: "
		}
		if lost(err) {
			return "check that the server runs and that the host and port in the URL are right: "
		}
	}
	return ""
}
