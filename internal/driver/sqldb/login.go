package sqldb

import (
	"context"
	"crypto/tls"
	"database/sql/driver"
	"errors"
	"net"
	"strconv"
	"strings"
	"time"

	busbar "github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/trust"
)

// The credential fields that the protocol knows. Kind is not needed where the manifest says it; port and tls have defaults.
const (
	fieldKind     = "kind"
	fieldHost     = "host"
	fieldPort     = "port"
	fieldDatabase = "database"
	fieldUser     = "username"
	fieldPassword = "password"
	fieldTLS      = "tls"
)

// The ways to protect the line.
const (
	tlsVerify = "verify" // encrypted, and the server's certificate is checked
	tlsOff    = "off"
)

// login is how one connection logs in.
type login struct {
	dialect                  *dialect
	host                     string
	port                     int
	database, user, password string
	tls                      *tls.Config // nil: off
	timeout                  time.Duration
}

func (l *login) address() string { return net.JoinHostPort(l.host, strconv.Itoa(l.port)) }

func loginOf(get func(field string) string, kind string, line busbar.Line) (*login, error) {
	if kind == "" {
		kind = strings.ToLower(strings.TrimSpace(get(fieldKind)))
	}
	d := dialectOf(kind)
	if d == nil {
		return nil, refusedField(fieldKind, "The kind of database is one of "+strings.Join(kinds(), ", ")+".")
	}
	l := &login{dialect: d, host: strings.TrimSpace(get(fieldHost)), port: d.port, database: strings.TrimSpace(get(fieldDatabase)),
		user: get(fieldUser), password: get(fieldPassword)}
	if l.host == "" || strings.ContainsAny(l.host, "/@? ") {
		return nil, refusedField(fieldHost, "The host is a name or an address alone, like db.example.com, without a scheme or a path.")
	}
	if text := strings.TrimSpace(get(fieldPort)); text != "" {
		port, err := strconv.Atoi(text)
		if err != nil || port < 1 || port > 65535 {
			return nil, refusedField(fieldPort, "The port is a number from 1 to 65535.")
		}
		l.port = port
	}
	return l, l.protect(strings.ToLower(strings.TrimSpace(get(fieldTLS))), line)
}

// protect sets how the line is encrypted: as the way out says, or not at all.
func (l *login) protect(mode string, line busbar.Line) (err error) {
	switch mode {
	case "", tlsVerify:
		l.tls, err = line.TLS(l.host)
		var wrong *trust.FieldError
		if errors.As(err, &wrong) {
			return refusedField(wrong.Field, wrong.Mend)
		}
		return err
	case tlsOff:
		return nil
	}
	return refusedField(fieldTLS, "The protection of the line is verify or off. Where the server's certificate is not signed by an authority that everybody trusts, give it as tls_ca.")
}

func refusedField(field, detail string) error {
	return &busbar.Error{Kind: busbar.Unreachable, Field: field, Detail: detail}
}

// prepared makes connections on which statements have been carried out before their first use.
type prepared struct {
	driver.Connector
	statements []string
}

// Connect implements driver.Connector.
func (p *prepared) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := p.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	for _, text := range p.statements {
		if err := execute(ctx, conn, text); err != nil {
			_ = conn.Close()
			return nil, err
		}
	}
	return conn, nil
}

func execute(ctx context.Context, conn driver.Conn, text string) error {
	if e, ok := conn.(driver.ExecerContext); ok {
		_, err := e.ExecContext(ctx, text, nil)
		return err
	}
	statement, err := conn.Prepare(text)
	if err != nil {
		return err
	}
	defer statement.Close()
	e, ok := statement.(driver.StmtExecContext)
	if !ok {
		return errors.New("the database's client cannot execute a statement")
	}
	_, err = e.ExecContext(ctx, nil)
	return err
}
