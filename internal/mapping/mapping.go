// Package mapping turns a system's records into the unified model and back, as the manifest says. A manifest's entity is
// compiled once into a Mapper, which works on the text of the records: values it only moves are never decoded.
// The package owns the meaning of values (decimals, times, enums, references, ids); it knows no driver, no storage and no HTTP.
package mapping

import (
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/manifest"
)

// Env is what mapping needs to know of the connection.
type Env struct {
	Connection uuid.UUID
	Zone       *time.Location    // of source times that carry none; nil: UTC
	Public     map[string]string // the credential fields that are not secret, for links
}

// Result is one mapped record.
type Result struct {
	// Fields is a JSON object of wire names: display_id, display_name, remote_created_at, remote_updated_at and url as far as they are
	// mapped, the mapped fields in the model's order, custom_fields. Empty in the source: null. Not mapped: absent.
	Fields          []byte
	RemoteUpdatedAt time.Time // zero when the source gives none
	RangeAt         time.Time // value of the entity's history field; a date is its midnight in UTC; zero when there is none
}

// Mapper maps the records of one entity of one system. It is safe for concurrent use.
type Mapper struct {
	version  string
	entity   *manifest.Entity
	dialect  manifest.Dialect
	nulls    []string
	decimals string // number, text, or as the dialect has it
	volatile [][]string

	id        []path
	lines     bool // some list's elements have ids, which need the record's
	currency  writer
	updatedAt []path
	history   path
	fields    []writer
	calls     sync.Pool
}

// Volatile lists the paths that do not count when two records are compared.
func (m *Mapper) Volatile() [][]string { return m.volatile }

// Map gives the unified form of a record. The error is a *BadValue.
func (m *Mapper) Map(raw []byte, env Env) (Result, error) {
	c := m.calls.Get().(*call)
	defer m.release(c)
	if err := c.begin(raw, env); err != nil {
		return Result{}, err
	}
	for _, write := range m.fields {
		if err := write(c); err != nil {
			return Result{}, err
		}
	}
	r := Result{RemoteUpdatedAt: c.updatedAt}
	var err error
	if r.RangeAt, err = c.rangeAt(); err != nil {
		return Result{}, err
	}
	c.add(`"custom_fields":{}}`)
	r.Fields = append(make([]byte, 0, len(c.out)), c.out...)
	return r, nil
}
