package store

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"
)

// Head is what is known of a record without its body.
type Head struct {
	ID              uuid.UUID
	RawHash         [16]byte
	Seq             int64
	Deleted         bool
	RemoteUpdatedAt time.Time
	RangeAt         time.Time // value of the history field; zero: none
}

// Change is one record as a page brought it and the engine mapped it, to be stored.
type Change struct {
	ID       uuid.UUID
	RemoteID string
	RawHash  [16]byte
	Raw      []byte
	// Fields is the JSON object of mapped members (entity fields and display_id, display_name, remote_*, custom_fields,
	// url), with its braces; the store adds the envelope (id, version, seq, times ...) in front of them.
	Fields          []byte
	RemoteUpdatedAt time.Time
	RangeAt         time.Time // value of the history field; zero: none
	Head            *Head     // as it was classified against; nil: new
}

// Rehash says that a record's raw bytes differ but its content does not: only the hash is stored, and Raw unless it is nil.
type Rehash struct {
	ID      uuid.UUID
	Seq     int64 // of the head it was classified against; a head that has moved since keeps its hash
	RawHash [16]byte
	Raw     []byte
}

// BadRecord is one record that could not be mapped.
type BadRecord struct {
	ID       uuid.UUID // of the record; zero where it could not be read
	RemoteID string    // may be empty
	Pointer  string    // of the member at fault
	Reason   string
	Raw      []byte
	Twin     bool // another record has its id and was taken: only one that is newer by its own time may take that one's place
}

// PageResult is everything that one transaction stores for one or more fetched pages.
type PageResult struct {
	Changes                   []Change
	Rehashed                  []Rehash
	SeenSeqs                  []int64 // seqs of the heads found unchanged (or rehashed): full sweeps only
	Bad                       []BadRecord
	Unsure                    []*Head // stored records whose new state is in quarantine: where they lie in the period is not known any more
	Pages, Fetched, Unchanged int64
	Expected                  int64           // -1 unknown
	Checkpoint                json.RawMessage // nil leaves it
	Remapped                  bool            // stored records mapped anew: no news of the source
	Strict                    bool            // a change whose head has moved stores nothing: ErrConflict, so that it is classified anew
}

// latest keeps one change per record: the one the source says is newest, or else the last one, which is what the source said last.
func latest(changes []Change) []Change {
	at := make(map[uuid.UUID]int, len(changes))
	out := make([]Change, 0, len(changes))
	for _, c := range changes {
		i, twice := at[c.ID]
		switch {
		case !twice:
			at[c.ID] = len(out)
			out = append(out, c)
		case !c.RemoteUpdatedAt.Before(out[i].RemoteUpdatedAt):
			out[i] = c
		}
	}
	return out
}
