package engine

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/zeebo/xxh3"

	"github.com/busbar-dev/busbar/internal/mapping"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/rawjson"
	"github.com/busbar-dev/busbar/internal/store"
)

// received is one identified record of a page.
type received struct {
	raw      []byte
	remoteID string
	hash     [16]byte
}

// classifyPage sorts a page's records by what is to be done: nothing (raw bytes unchanged), a new hash (same content, other
// bytes), a change, or quarantine. Only what differs is decoded.
func (s *runSlice) classifyPage(ctx context.Context, p fetchedPage) batch {
	b := batch{fetchedPage: p, applied: s.applied.Load()}
	if b.err == nil {
		b.err = s.classify(ctx, &b)
	}
	return b
}

func (s *runSlice) classify(ctx context.Context, b *batch) error {
	records := s.identify(b)
	heads, err := s.worker.Store.Heads(ctx, s.conn.Scope(), s.run.Entity, b.ids)
	if err != nil {
		return fmt.Errorf("look up the heads of a page of %s: %w", s.run.Entity, err)
	}
	b.result.Pages, b.result.Fetched = 1, int64(len(b.page.Records))
	var differ []int
	for i := range records {
		if h := heads[i]; h != nil && !h.Deleted && h.RawHash == records[i].hash && !s.rewrites(h) {
			s.unchanged(b, h)
		} else {
			differ = append(differ, i)
		}
	}
	return s.classifyDiffering(ctx, b, records, heads, differ)
}

// bad keeps a record for quarantine; where so many are bad that the run stops for them, the rest of the page is not kept.
func (b *batch) bad(r store.BadRecord) {
	if len(b.result.Bad) <= maxBad {
		b.result.Bad = append(b.result.Bad, r)
	}
}

// identify finds each record's id and hash; the last one of several with one id stands for all.
func (s *runSlice) identify(b *batch) []received {
	records := make([]received, 0, len(b.page.Records))
	b.ids = make([]uuid.UUID, 0, len(b.page.Records))
	at := make(map[uuid.UUID]int, len(b.page.Records))
	for _, raw := range b.page.Records {
		remoteID, err := s.mapper.RemoteID(raw)
		if err != nil {
			b.unidentified++
			b.bad(badRecord(s.run.Entity, uuid.Nil, "", raw, err))
			continue
		}
		r := received{raw, remoteID, xxh3.Hash128(raw).Bytes()}
		id := mapping.RecordID(s.connection, s.run.Entity, remoteID)
		if i, twice := at[id]; twice {
			records[i] = s.oneOf(b, id, records[i], r)
			continue
		}
		at[id] = len(records)
		records, b.ids = append(records, r), append(b.ids, id)
	}
	return records
}

// rewrites says that the record is stored anew even when it is unchanged: a reset does so once for each, and one that comes in order again after
// it was in quarantine gets its history date back.
func (s *runSlice) rewrites(h *store.Head) bool {
	return s.run.Mode == store.Reset && h.Seq <= s.run.StartSeq || h.Unsure()
}

func (s *runSlice) unchanged(b *batch, h *store.Head) {
	b.result.Unchanged++
	s.saw(b, h)
}

// saw notes that a stored record still exists.
func (s *runSlice) saw(b *batch, h *store.Head) {
	b.result.SeenSeqs = append(b.result.SeenSeqs, h.Seq)
}

// oneOf decides between two records of one page with one id: the newer one, where their times tell, is the record. Otherwise they are two records
// that the connector cannot tell apart, and the earlier one is shown in quarantine.
func (s *runSlice) oneOf(b *batch, id uuid.UUID, earlier, later received) received {
	b.twins++
	if earlier.hash == later.hash {
		b.result.Unchanged++
		return later
	}
	one, oneErr := s.mapper.Map(earlier.raw, s.env)
	two, twoErr := s.mapper.Map(later.raw, s.env)
	if oneErr != nil || twoErr != nil || one.RemoteUpdatedAt.Equal(two.RemoteUpdatedAt) {
		b.bad(store.BadRecord{ID: id, RemoteID: earlier.remoteID, Raw: earlier.raw, Twin: true,
			Reason: "another record on the same page has the same id and other content; the later one was taken"})
		return later
	}
	b.result.Unchanged++
	if one.RemoteUpdatedAt.After(two.RemoteUpdatedAt) {
		return earlier
	}
	return later
}

func (s *runSlice) classifyDiffering(ctx context.Context, b *batch, records []received, heads []*store.Head, differ []int) error {
	same, err := s.sameContent(ctx, records, heads, differ)
	if err != nil {
		return err
	}
	for n, i := range differ {
		if same[n] {
			b.result.Rehashed = append(b.result.Rehashed, store.Rehash{ID: b.ids[i], Seq: heads[i].Seq, RawHash: records[i].hash, Raw: records[i].raw})
			s.unchanged(b, heads[i])
			continue
		}
		s.mapRecord(b, records[i], b.ids[i], heads[i])
	}
	return nil
}

// sameContent compares records whose bytes differ with what is stored: order of members, notation of numbers and volatile
// members do not make a change.
func (s *runSlice) sameContent(ctx context.Context, records []received, heads []*store.Head, differ []int) ([]bool, error) {
	same := make([]bool, len(differ))
	var seqs []int64
	var at []int
	for n, i := range differ {
		if h := heads[i]; h != nil && !h.Deleted && !s.rewrites(h) {
			seqs, at = append(seqs, h.Seq), append(at, n)
		}
	}
	if len(seqs) == 0 {
		return same, nil
	}
	stored, err := s.worker.Store.RawBySeq(ctx, s.conn.Scope(), s.run.Entity, seqs)
	if err != nil {
		return nil, fmt.Errorf("read stored records of %s: %w", s.run.Entity, err)
	}
	for k, n := range at {
		equal, err := rawjson.Equal(stored[k], records[differ[n]].raw, s.mapper.Volatile())
		same[n] = err == nil && equal // a record that cannot be compared goes on to the mapping, which says what is wrong
	}
	return same, nil
}

func (s *runSlice) mapRecord(b *batch, r received, id uuid.UUID, head *store.Head) {
	m, err := s.mapper.Map(r.raw, s.env)
	if err != nil {
		b.bad(badRecord(s.run.Entity, id, r.remoteID, r.raw, err))
		if head != nil && !head.Deleted {
			s.saw(b, head)
			b.result.Unsure = append(b.result.Unsure, head)
		}
		return
	}
	b.result.Changes = append(b.result.Changes, store.Change{
		ID: id, RemoteID: r.remoteID, RawHash: r.hash, Raw: r.raw, Fields: m.Fields,
		RemoteUpdatedAt: m.RemoteUpdatedAt, RangeAt: m.RangeAt, Head: head,
	})
}

// tooManyBad stops a run whose bad records are no longer exceptions: more than 100, or more than ten and 1 % of what the stream holds, the
// source counts or the run has read.
func (s *runSlice) tooManyBad() error {
	bad := s.run.Counts.Quarantined
	allowed := min(maxBad, max(fewBad, max(s.run.Counts.Fetched, s.run.Expected, s.live)/100))
	if bad <= allowed {
		return nil
	}
	return &hopeless{problem.ReasonTooManyBadRecords, fmt.Sprintf("%d of %d records could not be mapped; GET /v1/sync-runs/%s/quarantine shows them and why.", bad, s.run.Counts.Fetched, s.run.ID)}
}

const (
	maxBad = 100
	fewBad = 10
)
