package sqldb

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql/driver"
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	busbar "github.com/busbar-dev/busbar/internal/driver"
)

// The credential fields that the protocol knows. Kind is not needed where the manifest says it; port, tls and certificate have defaults.
const (
	fieldKind        = "kind"
	fieldHost        = "host"
	fieldPort        = "port"
	fieldDatabase    = "database"
	fieldUser        = "username"
	fieldPassword    = "password"
	fieldTLS         = "tls"
	fieldCertificate = "certificate"
)

// The ways to protect the line.
const (
	tlsVerify  = "verify"  // encrypted, and the server's certificate is checked
	tlsRequire = "require" // encrypted, whoever answers
	tlsOff     = "off"
)

// login is how one connection logs in.
type login struct {
	dialect                        *dialect
	host                           string
	port                           int
	database, user, password, mode string
	tls                            *tls.Config // nil: off
	timeout                        time.Duration
}

func (l *login) address() string { return net.JoinHostPort(l.host, strconv.Itoa(l.port)) }

func loginOf(get func(field string) string, kind string) (*login, error) {
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
	return l, l.protect(strings.ToLower(strings.TrimSpace(get(fieldTLS))), get(fieldCertificate))
}

// protect sets how the line is encrypted.
func (l *login) protect(mode, certificate string) error {
	if mode == "" {
		mode = tlsVerify
	}
	if !slices.Contains([]string{tlsVerify, tlsRequire, tlsOff}, mode) {
		return refusedField(fieldTLS, "The protection of the line is verify, require or off.")
	}
	l.mode = mode
	if mode == tlsOff {
		return nil
	}
	l.tls = &tls.Config{ServerName: l.host, MinVersion: tls.VersionTLS12, InsecureSkipVerify: mode == tlsRequire}
	if strings.TrimSpace(certificate) != "" {
		l.tls.RootCAs = x509.NewCertPool()
		if !l.tls.RootCAs.AppendCertsFromPEM([]byte(certificate)) {
			return refusedField(fieldCertificate, "The certificate is not in PEM form: it begins with -----BEGIN CERTIFICATE-----.")
		}
	}
	return nil
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
