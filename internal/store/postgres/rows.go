package postgres

import (
	"database/sql/driver"
	"io"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

// lateRows are the rows of a query that went out behind other statements.
type lateRows struct {
	types   *pgtype.Map
	answers pgx.BatchResults
	rows    pgx.Rows
	more    bool // the first row is there
	ahead   bool // and was not asked for yet
}

// newLateRows reads up to the first row: an error of the query is known then.
func newLateRows(c *pgx.Conn, answers pgx.BatchResults) (*lateRows, error) {
	rows, err := answers.Query()
	r := &lateRows{types: c.TypeMap(), answers: answers, rows: rows, ahead: true}
	if err == nil {
		r.more = rows.Next()
		err = rows.Err()
	}
	if err != nil {
		_ = r.Close()
		return nil, err
	}
	return r, nil
}

// Columns is driver.Rows's.
func (r *lateRows) Columns() []string {
	fields := r.rows.FieldDescriptions()
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
	}
	return names
}

// Next is driver.Rows's.
func (r *lateRows) Next(into []driver.Value) error {
	more := r.more
	if !r.ahead {
		more = r.rows.Next()
	}
	r.ahead = false
	if !more {
		if err := r.rows.Err(); err != nil {
			return err
		}
		return io.EOF
	}
	fields := r.rows.FieldDescriptions()
	for i, raw := range r.rows.RawValues() {
		var err error
		if into[i], err = r.value(fields[i].DataTypeOID, fields[i].Format, raw); err != nil {
			return err
		}
	}
	return nil
}

func (r *lateRows) value(oid uint32, format int16, raw []byte) (driver.Value, error) {
	if raw == nil {
		return nil, nil
	}
	t, ok := r.types.TypeForOID(oid)
	switch {
	case !ok:
		return string(raw), nil
	case format == pgtype.BinaryFormatCode && isArray(t.Codec):
		return r.text(t, raw)
	}
	return t.Codec.DecodeDatabaseSQLValue(r.types, oid, format, raw)
}

func isArray(c pgtype.Codec) bool {
	switch c.(type) {
	case *pgtype.ArrayCodec, arrayCodec:
		return true
	}
	return false
}

// text gives a value as the server writes it.
func (r *lateRows) text(t *pgtype.Type, raw []byte) (driver.Value, error) {
	value, err := t.Codec.DecodeValue(r.types, t.OID, pgtype.BinaryFormatCode, raw)
	if err != nil {
		return nil, err
	}
	text, err := r.types.Encode(t.OID, pgtype.TextFormatCode, value, nil)
	return string(text), err
}

// Close is driver.Rows's.
func (r *lateRows) Close() error {
	r.rows.Close()
	return r.answers.Close()
}
