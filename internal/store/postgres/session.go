package postgres

import (
	"errors"
	"maps"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Connections of one process, unless the URL says pool_max_conns: one replica leaves room for three more under the usual limit of 100.
const (
	usualConns = 24
	leastConns = 4
)

// pingWithin is how long a connection that lay idle may take to answer before it counts as lost: a machine that is gone never says so.
const pingWithin = 2 * time.Second

// session is what each of our sessions runs with. Statements are short; a plan is made for the values at hand, so that it never rests on the
// statistics of an empty table; compiling one would take longer than running it. What is committed is on the disk. A client whose machine is gone is
// noticed within a minute, and what it had locked is free.
func session() map[string]string {
	return map[string]string{
		"jit": "off", "plan_cache_mode": "force_custom_plan", "timezone": "UTC", "default_transaction_isolation": "read committed", "synchronous_commit": "on",
		"statement_timeout": "60s", "lock_timeout": "10s", "idle_in_transaction_session_timeout": "60s",
		"tcp_keepalives_idle": "30", "tcp_keepalives_interval": "10", "tcp_keepalives_count": "3",
	}
}

// patient takes the time limits out of a session's settings.
func patient(settings map[string]string) {
	for _, name := range []string{"statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"} {
		settings[name] = "0"
	}
}

// errAddress never shows the address: it may hold a password.
var errAddress = errors.New("the address of the database cannot be read: write postgres://USER:PASSWORD@HOST:5432/DATABASE, " +
	"and what is special in a user or password percent-encoded (@ is %40, / is %2F, : is %3A, # is %23), " +
	"an IPv6 address in brackets, and behind ? only values that PostgreSQL knows (sslmode=verify-full), files that are there and numbers")

// configOf reads the URL. What it says itself wins, but for what our rules rest on.
func configOf(url string) (*pgxpool.Config, error) {
	if !strings.HasPrefix(url, "postgres://") && !strings.HasPrefix(url, "postgresql://") {
		return nil, errAddress
	}
	c, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, errAddress
	}
	if !strings.Contains(url, "pool_max_conns=") {
		c.MaxConns = usualConns
	}
	cc := c.ConnConfig
	if cc.RuntimeParams["application_name"] == "" {
		cc.RuntimeParams["application_name"] = "busbar"
	}
	maps.Copy(cc.RuntimeParams, session())
	if cc.ConnectTimeout == 0 {
		cc.ConnectTimeout = 10 * time.Second
	}
	if cc.ValidateConnect == nil {
		cc.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite // after a failover the standby's address is there still
	}
	return c, nil
}

// poolSizes are the connections of each pool.
type poolSizes struct{ writer, reader, listener int32 }

func shares(conns int32) poolSizes {
	conns = max(conns, leastConns)
	s := poolSizes{listener: 2, writer: (conns - 2 + 1) / 2}
	s.reader = conns - s.listener - s.writer
	return s
}
