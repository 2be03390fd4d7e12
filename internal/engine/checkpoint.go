package engine

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/zeebo/xxh3"

	"github.com/busbar-dev/busbar/internal/problem"
)

// phase is a part of a run.
type phase string

const (
	remapping phase = "remapping" // stored records, when the mapping is not the one that made them
	reading   phase = "reading"   // the run's own range
	catchUp   phase = "catchup"   // after a bounded full read: what changed since the last cursor, whatever its age
	hot       phase = "hot"       // after an incremental read: records that change in ways their stamps do not show
	sweep     phase = "sweep"     // deletions
)

// checkpoint is what a run needs to go on elsewhere. It is stored with the records of the page it follows.
type checkpoint struct {
	Phase        phase           `json:"phase"`
	Token        json.RawMessage `json:"token,omitempty"` // nil: the phase's first page
	HighWater    time.Time       `json:"high_water,omitzero"`
	Fetched      int64           `json:"fetched"`                // in this phase
	Total        int64           `json:"total"`                  // the source's latest count for this phase; -1 none
	Unidentified int64           `json:"unidentified,omitempty"` // bad records whose remote id is not known
	Loop         loopGuard       `json:"loop"`
	Base         int64           `json:"base"`               // the stream's seq when the phase began: what is above it, the phase stored
	Notes        int             `json:"notes,omitempty"`    // of what the run has seen: those that were there when the phase began
	Mapping      string          `json:"mapping,omitempty"`  // remapping: what it began with
	Repeated     int64           `json:"repeated,omitempty"` // of Fetched: records that the phase had seen before
	Undated      bool            `json:"undated,omitempty"`  // a bounded read gave records without a history date too
	Skipping     bool            `json:"skipping,omitempty"` // pages may have skipped records
	CaughtUp     bool            `json:"caught_up,omitempty"`
	Pages        int64           `json:"pages,omitempty"`        // in this phase
	Chased       int64           `json:"chased,omitempty"`       // of Pages: what came after the run had begun
	Barren       int64           `json:"barren,omitempty"`       // pages in a row without a record that is new to the phase
	Left         time.Time       `json:"left,omitzero"`          // the oldest stamp of a record left for the next run to read
	HotFrom      time.Time       `json:"hot_from,omitzero"`      // when the phase of hot records began
	LeftUndated  bool            `json:"left_undated,omitempty"` // a record without a stamp was left
	Login        string          `json:"login,omitempty"`        // which one reads; it tells them apart and nothing else
	Unproved     *verdict        `json:"unproved,omitempty"`     // the run has ended short of its proof; only its end is not stored yet
}

// verdict is why a run is not proved.
type verdict struct {
	Code   problem.Reason `json:"code"`
	Detail string         `json:"detail"`
}

func firstCheckpoint() checkpoint { return checkpoint{Phase: reading, Total: -1} }

func readCheckpoint(raw json.RawMessage) (cp checkpoint, err error) {
	if err := json.Unmarshal(raw, &cp); err != nil {
		return cp, fmt.Errorf("read the run's checkpoint: %w", err)
	}
	return cp, nil
}

func (c checkpoint) encode() json.RawMessage {
	raw, err := json.Marshal(c)
	if err != nil {
		panic("a checkpoint always encodes: " + err.Error())
	}
	return raw
}

// enter starts another phase.
func (c *checkpoint) enter(p phase) {
	c.Phase, c.Token, c.Fetched, c.Repeated, c.Total, c.Loop = p, nil, 0, 0, -1, loopGuard{}
	c.Pages, c.Chased, c.Barren = 0, 0, 0
}

// loopGuard notices page tokens that come round again, whatever the length of the loop, with constant memory (Brent's
// algorithm): it keeps one token's hash, renewed at every power of two.
type loopGuard struct {
	Kept  uint64 `json:"kept,omitempty"`
	Steps int64  `json:"steps,omitempty"`
	Until int64  `json:"until,omitempty"`
}

// seen takes the next token; true says that it was seen before.
func (g *loopGuard) seen(token json.RawMessage) bool {
	h := xxh3.Hash(token)
	if g.Until > 0 && h == g.Kept {
		return true
	}
	if g.Steps == g.Until {
		g.Kept, g.Until, g.Steps = h, max(1, g.Until*2), 0
	}
	g.Steps++
	return false
}
