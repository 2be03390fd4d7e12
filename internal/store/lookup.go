package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// FieldValue is what a field of a record is to be. Field is a path with points, from the record as it is served; values are compared as texts: numbers as they are written,
// truth values as true and false. What is null, a list or an object is found by no value.
type FieldValue struct{ Field, Value string }

// FindRecords gives up to limit records that are not deleted and whose fields all have these values, in the order of their ids: of all that is stored when it is called. The first field is
// the one that is looked up; the first time takes as long as reading the whole stream. ErrNotFound: no such stream.
func (s *Store) FindRecords(ctx context.Context, sc Scope, entity string, by []FieldValue, limit int) ([]Record, error) {
	if len(by) == 0 {
		return nil, fmt.Errorf("find %s: by no field", entity)
	}
	k, err := s.streamKey(ctx, sc, entity)
	if err == nil {
		err = s.followLookups(ctx, sc, entity, k, by[0].Field)
	}
	var found []Record
	if err == nil {
		found, err = s.lookUp(ctx, k, by, int(atMost(limit)))
	}
	if err != nil {
		return nil, fmt.Errorf("find %s by %s: %w", entity, by[0].Field, err)
	}
	return found, nil
}

// lookupPage is how many records are read at once.
const lookupPage = 100

// lookUp reads records of a value until enough have the other values too. What stands in the index is only where to look.
func (s *Store) lookUp(ctx context.Context, k StreamKey, by []FieldValue, limit int) (found []Record, err error) {
	p := queries.FindRecordsParams{
		Connection: k.Connection, Stream: k.Stream, Field: lookupText(by[0].Field), Value: lookupText(by[0].Value), AfterID: uuid.Nil[:], MaxRows: lookupPage,
	}
	for {
		rows, err := s.read.FindRecords(ctx, p)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			if !hasAll([]byte(r.Record), by) {
				continue
			}
			if found = append(found, Record{Seq: r.Seq, JSON: r.Record}); len(found) == limit {
				return found, nil
			}
		}
		if len(rows) < lookupPage {
			return found, nil
		}
		p.AfterID = rows[len(rows)-1].ID
	}
}

// longestLookup is how many bytes of a value are kept as they are.
const longestLookup = 400

func lookupText(s string) string { return shortened(s, longestLookup) }

func hasAll(record []byte, by []FieldValue) bool {
	for _, f := range by {
		if v, ok := valueAt(record, f.Field); !ok || v != Storable(f.Value) {
			return false
		}
	}
	return true
}

// valueAt gives the value at a path of a record, as a text; false: there is none that is one text.
func valueAt(record []byte, path string) (string, bool) {
	d := jsontext.NewDecoder(bytes.NewReader(record), jsontext.AllowDuplicateNames(true))
	for more := true; more; {
		var name string
		name, path, more = strings.Cut(path, ".")
		if !enter(d, name) {
			return "", false
		}
	}
	v, err := d.ReadValue()
	if err != nil {
		return "", false
	}
	switch v.Kind() {
	case '"':
		text, err := jsontext.AppendUnquote(nil, v)
		return string(text), err == nil
	case '0', 't', 'f':
		return string(v), true
	}
	return "", false
}

// enter goes to the value of a member of the object that comes next.
func enter(d *jsontext.Decoder, name string) bool {
	if d.PeekKind() != '{' {
		return false
	}
	_, err := d.ReadToken()
	for err == nil && d.PeekKind() == '"' {
		var t jsontext.Token
		if t, err = d.ReadToken(); err == nil && t.String() == name {
			return true
		}
		err = errors.Join(err, d.SkipValue())
	}
	return false
}
