package store

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"
)

// envelope writes records as they are served: what the store knows (id to deletion), then the mapped members. Records of one commit share it, and
// one buffer.
type envelope struct {
	stream    []byte // connection_id, entity and version up to the seq
	updatedAt []byte
	buf       []byte
	commit    Commit
}

// perEnvelope is about what the envelope adds to a record.
const perEnvelope = 420

func newEnvelope(r *Run, c Commit, changes []Change) *envelope {
	size := 0
	for i := range changes {
		size += len(changes[i].Fields) + len(changes[i].RemoteID) + perEnvelope
	}
	return makeEnvelope(r, c, size)
}

func makeEnvelope(r *Run, c Commit, size int) *envelope {
	stream := appendString([]byte(`,"connection_id":`), r.scope.id)
	stream = appendString(append(stream, `,"entity":`...), r.Entity)
	stream = strconv.AppendInt(append(stream, `,"version":"`...), c.Epoch, 10)
	return &envelope{stream: append(stream, '.'), updatedAt: appendTime(nil, c.At), buf: make([]byte, 0, size), commit: c}
}

// deletion is the evidence for which a record counts as deleted.
type deletion struct {
	evidence string
	runID    string // "": a write, or a record read by itself
}

// record writes one record. fields is a JSON object; with del the record is a tombstone.
func (e *envelope) record(h HeadRow, remoteID string, del *deletion, fields []byte) ([]byte, error) {
	members, err := membersOf(fields)
	if err != nil {
		return nil, err
	}
	start := len(e.buf)
	b := append(appendID(append(e.buf, `{"id":"`...), h.ID), `","remote_id":`...)
	b = appendString(b, remoteID)
	b = strconv.AppendInt(append(b, e.stream...), h.Seq, 10)
	b = strconv.AppendInt(append(b, `","seq":`...), h.Seq, 10)
	b = appendTime(append(b, `,"created_at":`...), h.CreatedAt)
	b = append(append(b, `,"updated_at":`...), e.updatedAt...)
	b = e.appendDeletion(b, del)
	if len(members) > 0 {
		b = append(append(b, ','), members...)
	}
	e.buf = append(b, '}')
	return e.buf[start:len(e.buf):len(e.buf)], nil
}

func (e *envelope) appendDeletion(b []byte, del *deletion) []byte {
	if del == nil {
		return append(b, `,"deleted_at":null,"deletion":null`...)
	}
	b = append(append(b, `,"deleted_at":`...), e.updatedAt...)
	b = appendString(append(b, `,"deletion":{"evidence":`...), del.evidence)
	b = append(b, `,"run_id":`...)
	if del.runID == "" {
		return append(b, `null}`...)
	}
	return append(appendString(b, del.runID), '}')
}

// membersOf gives what stands between the braces of an object.
func membersOf(object []byte) ([]byte, error) {
	object = bytes.TrimSpace(object)
	if len(object) < 2 || object[0] != '{' || object[len(object)-1] != '}' {
		return nil, errors.New("the mapped members are not a JSON object")
	}
	return bytes.TrimSpace(object[1 : len(object)-1]), nil
}

// fieldsOf gives the mapped members of a stored live record as an object. Inside a JSON string the quotes of the marker would be escaped, so its
// first occurrence is the envelope's.
func fieldsOf(record []byte) ([]byte, error) {
	_, rest, ok := bytes.Cut(record, []byte(`"deletion":null`))
	if !ok || len(rest) == 0 {
		return nil, errors.New("the stored record has no envelope of a live record")
	}
	return append([]byte{'{'}, bytes.TrimPrefix(rest, []byte{','})...), nil
}

func appendID(b []byte, id uuid.UUID) []byte {
	for i, part := range [][]byte{id[:4], id[4:6], id[6:8], id[8:10], id[10:]} {
		if i > 0 {
			b = append(b, '-')
		}
		b = hex.AppendEncode(b, part)
	}
	return b
}

// appendTime writes an instant with microseconds as far as it has any.
func appendTime(b []byte, t time.Time) []byte {
	return append(t.UTC().AppendFormat(append(b, '"'), "2006-01-02T15:04:05.999999Z07:00"), '"')
}

// appendString writes a JSON string; bytes that are no UTF-8 become U+FFFD.
func appendString(b []byte, s string) []byte {
	out, _ := jsontext.AppendQuote(b, s)
	return out
}
