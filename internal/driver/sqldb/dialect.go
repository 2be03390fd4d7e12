package sqldb

import (
	"database/sql/driver"
	"time"

	busbar "github.com/busbar-dev/busbar/internal/driver"
)

// class is what the values of a column are, as far as it matters how they are written.
type class int

// The classes.
const (
	text     class = iota // anything that is shown as text
	integer               // whole numbers
	number                // exact numbers
	float                 // binary numbers
	boolean               //
	date                  //
	zoneless              // a time without a zone
	zoned                 // an instant
	document              // JSON
	binary                //
	array                 // of a type of the database's own: read as JSON
)

// column is a column of a table or a query.
type column struct {
	name   string
	class  class
	native string // the type as the database calls it
}

// dialect is everything in which a database differs from the others.
type dialect struct {
	kind string // the word of a login and a manifest
	port int

	open  func(l *login, line busbar.Line) (driver.Connector, error)
	begin func(timeout time.Duration) []string // what each connection is set up with

	quote    func(name string) string
	param    func(n int) string
	upper    bool // names written in lower case are stored in upper case
	tuples   bool // (a, b) > (x, y) is understood, and uses an index
	top      func(limit int) string
	limit    func(limit int) string
	lock     string // behind a select that keeps others from changing its rows
	hint     string // the same behind the table's name
	snapshot bool   // a transaction that only reads can be asked for, and sees one state
	classes  map[string]class
	shown    func(expr string, c column) string         // how a column is selected
	bound    func(param string, c column) string        // how a parameter is compared with a column or stored in it
	value    func(text string, c column) any            // the parameter's value
	sorted   func(expr string, c column) string         // what rows are ordered by, so that > agrees with it; nil: the column
	beside   func(param string, c column) string        // a parameter that is compared as the column is ordered; nil: bound
	clock    string                                     // an expression: the server's time in UTC
	version  string                                     // a query for the server's version and the user
	returns  func(key []column) (output, clause string) // of an insert that gives the key it made
	call     func(name, args string) string             // of a stored procedure
	save     [2]string                                  // set a savepoint, go back to it
	undoes   string                                     // a query that tells whether changes of a table are undone with their transaction; "": they always are
	explain  func(err error) (said, bool)               // what the server said; false: it said nothing
}

// said is an error in the server's own, complete words.
type said struct {
	verdict verdict
	code    string
	words   string
	name    string // of the constraint, where it is told
}

// verdict is what an error of the server means.
type verdict int

// The verdicts.
const (
	failed      verdict = iota // a fault of the server
	badLogin                   // user or password
	badDatabase                // no such database, or it is not for this user
	forbidden                  //
	wrong                      // the statement does not fit the database: a table or column is gone
	badValue                   // a value is refused: a constraint, its form
	doubled                    //
	again                      // a deadlock and the like: the transaction was undone and can be repeated
	slow                       // given up after the time that we allow
	crowded                    // too many connections
	away                       // starting, stopping
)

func dialects() []*dialect { return []*dialect{postgresql(), mysqlDialect(), sqlserver(), oracle()} }

func kinds() (all []string) {
	for _, d := range dialects() {
		all = append(all, d.kind)
	}
	return all
}

func dialectOf(kind string) *dialect {
	if kind == "mariadb" {
		kind = "mysql"
	}
	for _, d := range dialects() {
		if d.kind == kind {
			return d
		}
	}
	return nil
}

func plainText(text string, _ column) any       { return text }
func asItIs(expr string, _ column) string       { return expr }
func nothing(int) string                        { return "" }
func noReturn([]column) (output, clause string) { return "", "" }
