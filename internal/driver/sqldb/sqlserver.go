package sqldb

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"
	"time"

	mssql "github.com/microsoft/go-mssqldb"
	"github.com/microsoft/go-mssqldb/msdsn"

	busbar "github.com/busbar-dev/busbar/internal/driver"
)

func sqlserver() *dialect {
	return &dialect{
		kind: "sqlserver", port: 1433, open: openSQLServer,
		begin: func(timeout time.Duration) []string {
			return []string{"SET XACT_ABORT OFF", "SET LOCK_TIMEOUT " + strconv.FormatInt(timeout.Milliseconds(), 10)}
		},
		quote: func(name string) string { return "[" + strings.ReplaceAll(name, "]", "]]") + "]" },
		param: func(n int) string { return "@p" + strconv.Itoa(n) },
		top:   func(n int) string { return fmt.Sprintf("TOP (%d) ", n) }, limit: nothing,
		hint: " WITH (UPDLOCK, HOLDLOCK)",
		classes: map[string]class{
			"TINYINT": integer, "SMALLINT": integer, "INT": integer, "BIGINT": integer, "DECIMAL": number, "NUMERIC": number, "MONEY": number, "SMALLMONEY": number,
			"REAL": float, "FLOAT": float, "BIT": boolean, "DATE": date, "DATETIME": zoneless, "DATETIME2": zoneless, "SMALLDATETIME": zoneless, "DATETIMEOFFSET": zoned,
			"BINARY": binary, "VARBINARY": binary, "IMAGE": binary, "TIMESTAMP": binary, "ROWVERSION": binary, "GEOGRAPHY": binary, "GEOMETRY": binary, "HIERARCHYID": binary,
		},
		shown: shownSQLServer, bound: boundSQLServer, beside: besideSQLServer, value: valueSQLServer,
		clock: "SYSUTCDATETIME()", version: "SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(64)), SUSER_SNAME()",
		returns: func(key []column) (string, string) {
			var names []string
			for _, k := range key {
				names = append(names, "INSERTED."+sqlserver().quote(k.name))
			}
			return " OUTPUT " + strings.Join(names, ", "), ""
		},
		call:    func(name, args string) string { return "EXEC " + name + " " + args },
		save:    [2]string{"SAVE TRANSACTION one", "ROLLBACK TRANSACTION one"},
		explain: explainSQLServer,
	}
}

// shownSQLServer lets the server write what its client would round.
func shownSQLServer(expr string, c column) string {
	switch {
	case c.class == zoneless:
		return "CONVERT(varchar(33), " + expr + ", 126)"
	case c.native == "UNIQUEIDENTIFIER":
		return "CONVERT(varchar(36), " + expr + ")"
	case c.native == "MONEY" || c.native == "SMALLMONEY":
		return "CONVERT(varchar(40), " + expr + ", 2)"
	}
	return expr
}

// boundSQLServer compares in the column's own type: a datetime is no datetime2 of the same text.
func boundSQLServer(param string, c column) string {
	switch {
	case c.class == zoneless || c.class == zoned || c.class == date || c.native == "UNIQUEIDENTIFIER":
		return "CAST(" + param + " AS " + strings.ToLower(c.native) + ")"
	case c.class == number:
		return "CAST(" + param + " AS decimal(38,10))"
	}
	return param
}

// besideSQLServer compares varchar as such: its collations put it in another order than the nvarchar of a parameter.
func besideSQLServer(param string, c column) string {
	if c.native == "VARCHAR" || c.native == "CHAR" {
		return "CAST(" + param + " AS varchar(8000))"
	}
	return boundSQLServer(param, c)
}

func valueSQLServer(text string, c column) any {
	switch c.class {
	case integer:
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return n
		}
	case boolean:
		if b, err := strconv.ParseBool(text); err == nil {
			return b
		}
	case date:
		return text[:min(len(text), len(time.DateOnly))]
	case zoneless:
		return cutFraction(text, map[string]int{"SMALLDATETIME": 0, "DATETIME": 3, "DATETIME2": 7}[c.native])
	}
	return text
}

// cutFraction leaves so many digits of a fraction of a second: the server refuses more than a type has.
func cutFraction(text string, digits int) string {
	whole, fraction, _ := strings.Cut(text, ".")
	return shortened(whole + "." + fraction[:min(len(fraction), digits)])
}

type dialer struct {
	line busbar.Line
	host string
}

// DialContext implements mssql.Dialer.
func (d dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return d.line.Dial(ctx, network, address)
}

// HostName implements mssql.HostDialer: names are resolved where dials are judged.
func (d dialer) HostName() string { return d.host }

func openSQLServer(l *login, line busbar.Line) (driver.Connector, error) {
	config := msdsn.Config{
		Host: l.host, Port: uint64(l.port), Database: l.database, User: l.user, Password: l.password, AppName: "busbar", //nolint:gosec // checked
		TLSConfig: l.tls, Encryption: msdsn.EncryptionRequired, DisableRetry: true,
		Protocols: []string{"tcp"}, PacketSize: 4096, Parameters: map[string]string{}, ProtocolParameters: map[string]any{}, ReadOnlyIntent: false,
	}
	if l.tls == nil {
		config.Encryption = msdsn.EncryptionDisabled
	}
	connector := mssql.NewConnectorConfig(config)
	connector.Dialer = dialer{line, l.host}
	return connector, nil
}

var namedSQLServer = regexp.MustCompile(`(?:constraint|index) ["']([^"']+)["']|column ['"]([^'"]+)['"]`)

func explainSQLServer(err error) (said, bool) {
	var e mssql.Error
	if !errors.As(err, &e) || e.Number == 0 {
		return said{}, false
	}
	s := said{verdict: verdictSQLServer(e.Number), code: strconv.Itoa(int(e.Number)), words: e.Message}
	if found := namedSQLServer.FindStringSubmatch(e.Message); found != nil {
		s.name = found[1] + found[2]
	}
	return s, true
}

func verdictSQLServer(code int32) verdict {
	switch code {
	case 18456, 18452, 18470, 18486, 18487, 18488:
		return badLogin
	case 4060, 911, 916:
		return badDatabase
	case 229, 230, 262, 297, 300:
		return forbidden
	case 102, 156, 207, 208, 2812, 4104, 8144, 8145, 201:
		return wrong
	case 2601, 2627:
		return doubled
	case 220, 241, 242, 245, 295, 334, 515, 547, 544, 2628, 8114, 8115, 8152, 50000, 3609:
		return badValue
	case 1205, 1222, 3960, 3961:
		return again
	case 10928, 10929, 17809:
		return crowded
	case 6005, 17142, 40613, 40197, 40501:
		return away
	}
	return failed
}
