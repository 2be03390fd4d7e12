package sqldb

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	ora "github.com/sijms/go-ora/v2"
	"github.com/sijms/go-ora/v2/network"

	busbar "github.com/busbar-dev/busbar/internal/driver"
)

func oracle() *dialect {
	return &dialect{
		kind: "oracle", port: 1521, open: openOracle,
		begin: func(time.Duration) []string {
			return []string{`ALTER SESSION SET NLS_NUMERIC_CHARACTERS = '.,' NLS_COMP = BINARY NLS_SORT = BINARY TIME_ZONE = '+00:00'`}
		},
		quote: func(name string) string { return `"` + strings.ReplaceAll(name, `"`, "") + `"` },
		param: func(n int) string { return ":" + strconv.Itoa(n) },
		upper: true,
		top:   nothing, limit: func(n int) string { return fmt.Sprintf(" FETCH FIRST %d ROWS ONLY", n) },
		lock: " FOR UPDATE", snapshot: true,
		classes: map[string]class{
			"NUMBER": number, "IBFLOAT": float, "IBDOUBLE": float, "BFLOAT": float, "BDOUBLE": float, "DATE": zoneless, "TIMESTAMP": zoneless,
			"TIMESTAMPDTY": zoneless, "TIMESTAMPTZ": zoned, "TIMESTAMPTZ_DTY": zoned, "TIMESTAMPLTZ_DTY": zoned, "TIMESTAMPELTZ": zoned,
			"RAW": binary, "LONGRAW": binary, "OCIBLOBLOCATOR": binary, "OCIFILELOCATOR": binary,
		},
		shown: shownOracle, bound: boundOracle, value: valueOracle,
		clock: "TO_CHAR(SYS_EXTRACT_UTC(SYSTIMESTAMP), " + timeOracle + `.FF9"Z"')`, version: "SELECT (SELECT MIN(version) FROM product_component_version), USER FROM DUAL",
		returns: returnsOracle,
		call:    func(name, args string) string { return "BEGIN " + name + "(" + args + "); END;" },
		save:    [2]string{"SAVEPOINT one", "ROLLBACK TO SAVEPOINT one"},
		explain: explainOracle,
	}
}

const timeOracle = `'YYYY-MM-DD"T"HH24:MI:SS`

// shownOracle lets the server write numbers and times, none of which goes through a float.
func shownOracle(expr string, c column) string {
	switch {
	case c.class == number:
		return "TO_CHAR(" + expr + `, 'TM9', 'NLS_NUMERIC_CHARACTERS=''.,''')`
	case c.native == "DATE":
		return "TO_CHAR(" + expr + ", " + timeOracle + "')"
	case c.class == zoneless:
		return "TO_CHAR(" + expr + ", " + timeOracle + ".FF9')"
	case c.class == zoned:
		return "TO_CHAR(SYS_EXTRACT_UTC(" + expr + "), " + timeOracle + `.FF9"Z"')`
	}
	return expr
}

func boundOracle(param string, c column) string {
	switch {
	case c.class == number:
		return "TO_NUMBER(" + param + ")"
	case c.native == "DATE":
		return "TO_DATE(" + param + ", " + timeOracle + "')"
	case c.class == zoneless:
		return "TO_TIMESTAMP(" + param + ", " + timeOracle + ".FF9')"
	case c.class == zoned:
		return "FROM_TZ(TO_TIMESTAMP(" + param + ", " + timeOracle + ".FF9'), 'UTC')"
	}
	return param
}

// valueOracle binds everything as text, which boundOracle reads: a date alone is its midnight.
func valueOracle(text string, c column) any {
	switch c.class {
	case zoneless, zoned:
		text = strings.Replace(spaced(text), " ", "T", 1)
		if len(text) == len(time.DateOnly) {
			text += "T00:00:00"
		}
		if c.native == "DATE" {
			text, _, _ = strings.Cut(text, ".")
		}
	case number:
		switch text {
		case "true":
			return "1"
		case "false":
			return "0"
		}
	}
	return text
}

func returnsOracle(key []column) (string, string) {
	var into []string
	for i := range key {
		into = append(into, ":key"+strconv.Itoa(i+1))
	}
	return "", " RETURNING " + listOf(oracle(), key) + " INTO " + strings.Join(into, ", ")
}

func openOracle(l *login, line busbar.Line) (driver.Connector, error) {
	options := map[string]string{"TIMEOUT": strconv.Itoa(int((l.timeout + graceOfAnswers).Seconds())), "PROGRAM": "busbar"}
	if l.tls != nil {
		options["SSL"], options["SSL VERIFY"] = "true", "true"
	}
	connector, ok := ora.NewConnector(ora.BuildUrl(l.host, l.port, l.database, l.user, l.password, options)).(*ora.OracleConnector)
	if !ok {
		return nil, &busbar.Error{Kind: busbar.Fault, Detail: "The client of the database cannot be set up."}
	}
	connector.Dialer(dialer{line, l.host})
	if l.tls != nil {
		connector.WithTLSConfig(l.tls)
	}
	return connector, nil
}

var namedOracle = regexp.MustCompile(`constraint \(([^)]+)\)|into \((?:"[^"]*"\.){2}"([^"]+)"\)|column "[^"]*"\."[^"]*"\."([^"]+)"`)

func explainOracle(err error) (said, bool) {
	var e *network.OracleError
	if !errors.As(err, &e) || e.ErrCode == 0 {
		return said{}, false
	}
	s := said{verdict: verdictOracle(e.ErrCode), code: fmt.Sprintf("ORA-%05d", e.ErrCode), words: e.ErrMsg}
	if found := namedOracle.FindStringSubmatch(e.ErrMsg); found != nil {
		s.name = found[1] + found[2] + found[3]
	}
	return s, true
}

func verdictOracle(code int) verdict {
	switch code {
	case 1017, 1005, 28000, 28001, 1045:
		return badLogin
	case 12505, 12514, 12518:
		return badDatabase
	case 1031, 1720, 41900:
		return forbidden
	case 900, 903, 904, 911, 923, 933, 936, 942, 6550, 4043:
		return wrong
	case 1:
		return doubled
	case 1400, 1407, 1438, 1722, 1830, 1840, 1843, 1847, 1861, 2290, 2291, 2292, 12899, 20000:
		return badValue
	case 60, 8177, 54, 30006:
		return again
	case 1013, 3136:
		return slow
	case 18, 20, 12519, 12516, 12520:
		return crowded
	case 1033, 1034, 1089, 1090, 12528, 3113, 3114:
		return away
	}
	if code > 20000 && code < 21000 {
		return badValue
	}
	return failed
}
