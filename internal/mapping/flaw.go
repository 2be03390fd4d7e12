package mapping

import (
	"fmt"
	"strings"

	"github.com/busbar-dev/busbar/internal/manifest"
)

// BadValue is a value that cannot be what the model or the system wants. A record that is read is quarantined with it; nothing is guessed.
type BadValue struct {
	Pointer string // JSON pointer into the source's record (reading) or into the unified record (writing)
	Flaw    Flaw   // writing: what sort of fault it is
	Reason  string
	Field   string       // reading: the field that was to be made of it, lines.quantity; empty: none
	Pos     manifest.Pos // reading: where the manifest maps that field
}

// Place says, to the connector's author, what the value was to become and where that is written; empty where it was to become no field.
func (e *BadValue) Place(entity string) string {
	if e.Field == "" {
		return ""
	}
	return fmt.Sprintf("%s.%s, %s:%d", entity, e.Field, e.Pos.File, e.Pos.Line)
}

func (e *BadValue) Error() string {
	if e.Pointer == "" {
		return e.Reason
	}
	return e.Pointer + ": " + e.Reason
}

// BadValues is everything that keeps a record from being written, with pointers into the unified record.
type BadValues []*BadValue

func (b BadValues) Error() string {
	lines := make([]string, len(b))
	for i, v := range b {
		lines[i] = v.Error()
	}
	return strings.Join(lines, "\n")
}

// Flaw is a sort of fault in what is to be written.
type Flaw int

// The flaws.
const (
	Unfit         Flaw = iota // the value has the wrong form
	NoField                   // the model has no such field
	NotMapped                 // this system has no such field
	NotWritable               // this system's field cannot be written
	NoReference               // the id leads to no record
	NamedTwice                // an element of a list is named twice
	NoSuchElement             // the record's list has no such element
)
