package sqldb

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	busbar "github.com/busbar-dev/busbar/internal/driver"
)

func mysqlDialect() *dialect {
	return &dialect{
		kind: "mysql", port: 3306, open: openMySQL, begin: beginMySQL,
		quote: func(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" },
		param: func(int) string { return "?" },
		top:   nothing, limit: func(n int) string { return fmt.Sprintf(" LIMIT %d", n) },
		lock: " FOR UPDATE", snapshot: true,
		classes: map[string]class{
			"TINYINT": integer, "SMALLINT": integer, "MEDIUMINT": integer, "INT": integer, "BIGINT": integer, "YEAR": integer, "BIT": integer,
			"DECIMAL": number, "FLOAT": float, "DOUBLE": float, "DATE": date, "DATETIME": zoneless, "TIMESTAMP": zoned, "JSON": document,
			"BINARY": binary, "VARBINARY": binary, "BLOB": binary, "TINYBLOB": binary, "MEDIUMBLOB": binary, "LONGBLOB": binary, "GEOMETRY": binary,
		},
		shown: asItIs,
		bound: func(param string, c column) string {
			switch c.class {
			case number:
				return "CAST(" + param + " AS DECIMAL(65,30))"
			case zoned, zoneless:
				return "CAST(" + param + " AS DATETIME(6))"
			}
			return param
		},
		sorted: sortedMySQL,
		value:  valueMySQL, clock: "UTC_TIMESTAMP(6)", version: "SELECT VERSION(), CURRENT_USER()",
		returns: noReturn,
		call:    func(name, args string) string { return "CALL " + name + "(" + args + ")" },
		save:    [2]string{"SAVEPOINT one", "ROLLBACK TO SAVEPOINT one"},
		undoes:  "SELECT ENGINE IN ('InnoDB', 'ROCKSDB', 'NDBCLUSTER') FROM information_schema.TABLES WHERE TABLE_SCHEMA = COALESCE(NULLIF(?, ''), DATABASE()) AND TABLE_NAME = ? AND ENGINE IS NOT NULL",
		explain: explainMySQL,
	}
}

// beginMySQL sets what statements may take, which MariaDB and MySQL call by different names and each reads its own.
func beginMySQL(timeout time.Duration) []string {
	return []string{
		"SET time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES,NO_BACKSLASH_ESCAPES,ERROR_FOR_DIVISION_BY_ZERO'",
		fmt.Sprintf("SET @busbar = 0 /*M!100101 , max_statement_time = %d */ /*!50708 , max_execution_time = %d */", max(1, int(timeout.Seconds())), timeout.Milliseconds()),
	}
}

func openMySQL(l *login, line busbar.Line) (driver.Connector, error) {
	config := mysql.NewConfig()
	config.Net, config.Addr, config.DBName, config.User, config.Passwd = "tcp", l.address(), l.database, l.user, l.password
	config.TLS, config.DialFunc, config.ClientFoundRows = l.tls, line.Dial, true
	config.Timeout, config.ReadTimeout, config.WriteTimeout = 0, l.timeout+graceOfAnswers, graceOfAnswers
	config.Logger = silentLog{}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, &busbar.Error{Kind: busbar.Invalid, Detail: "The client of the database cannot be set up.", Err: err}
	}
	return connector, nil
}

// sortedMySQL orders by the words of an enumeration, as they are compared, and not by their numbers.
func sortedMySQL(expr string, c column) string {
	if c.native == "ENUM" || c.native == "SET" {
		return "CAST(" + expr + " AS CHAR)"
	}
	return expr
}

type silentLog struct{}

// Print implements mysql.Logger.
func (silentLog) Print(...any) {}

// valueMySQL binds whole numbers as such, for a text would be compared as a float, and times in the notation of the server.
func valueMySQL(text string, c column) any {
	switch c.class {
	case integer:
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return n
		}
		if n, err := strconv.ParseUint(text, 10, 64); err == nil {
			return n
		}
	case boolean:
		if b, err := strconv.ParseBool(text); err == nil {
			return b
		}
	case zoned, zoneless:
		return spaced(text)
	case date:
		return text[:min(len(text), len(time.DateOnly))]
	}
	if counts := c.class == integer || c.class == number || c.class == float; counts && (text == "true" || text == "false") {
		return text == "true"
	}
	return text
}

var namedMySQL = regexp.MustCompile("CONSTRAINT `([^`]+)`|for key '([^']+)'|Column '([^']+)' cannot be null|CONSTRAINT `?([^`]+)`? failed")

func explainMySQL(err error) (said, bool) {
	var e *mysql.MySQLError
	if !errors.As(err, &e) {
		return said{}, false
	}
	s := said{verdict: verdictMySQL(e.Number), code: strconv.Itoa(int(e.Number)), words: e.Message}
	for _, name := range namedMySQL.FindStringSubmatch(e.Message) {
		if !strings.Contains(name, " ") && name != "" {
			s.name = name
		}
	}
	return s, true
}

func verdictMySQL(code uint16) verdict {
	switch code {
	case 1045, 1698, 1820, 1862, 4151:
		return badLogin
	case 1044, 1049:
		return badDatabase
	case 1142, 1143, 1227, 1370, 1792, 1290, 1369, 1471:
		return forbidden
	case 1054, 1064, 1146, 1305, 1318, 1356, 1109, 1347:
		return wrong
	case 1062, 1586:
		return doubled
	case 1048, 1216, 1217, 1264, 1265, 1292, 1364, 1366, 1406, 1411, 1451, 1452, 1644, 3819, 4025, 3140:
		return badValue
	case 1205, 1213, 1020:
		return again
	case 1317, 1969, 3024:
		return slow
	case 1040, 1203, 1226:
		return crowded
	case 1053, 1077, 1079:
		return away
	}
	return failed
}
