package api

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/rawjson"
	"github.com/busbar-dev/busbar/internal/store"
)

const (
	pageBytes = 4 << 20 // of JSON in one page
	scanPages = 20      // pages looked through for created_after before an answer goes out
)

// listInput is what a list of records takes.
type listInput struct {
	Limit         int       `query:"limit" minimum:"1" maximum:"500" default:"100" doc:"How many records at most. A page may be shorter: go on until next_cursor is null."`
	Cursor        string    `query:"cursor" doc:"next_cursor of the page before, exactly as given."`
	ModifiedAfter time.Time `query:"modified_after" doc:"Only records that changed in Busbar after this instant (RFC 3339)." example:"2026-11-01T00:00:00Z"`
	CreatedAfter  time.Time `query:"created_after" doc:"Only records that Busbar first stored after this instant (RFC 3339)." example:"2026-11-01T00:00:00Z"`
	Include       []string  `query:"include" enum:"raw,deleted" doc:"raw: the source's object as received. deleted: also what was deleted."`
}

func (in *listInput) has(what string) bool { return slices.Contains(in.Include, what) }

// filters is the canonical text of everything that decides which records there are; limit and raw do not.
func (in *listInput) filters() string {
	return fmt.Sprintf("modified_after=%s&created_after=%s&deleted=%t", instant(in.ModifiedAfter), instant(in.CreatedAfter), in.has("deleted"))
}

type bytesOutput struct {
	Body func(huma.Context)
}

func (s *server) registerRecords() {
	for _, e := range s.Model.Entities {
		register(s, access{dataPlane, connection.ScopeRead}, s.listOperation(e), func(ctx context.Context, in *listInput) (*bytesOutput, error) {
			return s.listRecords(ctx, e.Name, in)
		})
		register(s, access{dataPlane, connection.ScopeRead}, s.getOperation(e), func(ctx context.Context, in *getInput) (*getOutput, error) {
			return s.getRecord(ctx, e.Name, in)
		})
	}
}

// listRecords serves one page of records in change order, the stored bytes as they are.
func (s *server) listRecords(ctx context.Context, entity string, in *listInput) (*bytesOutput, error) {
	c := callerOf(ctx).connection
	st, err := s.stream(ctx, c, entity)
	if err != nil {
		return nil, err
	}
	at := place{kind: listCursor, owner: c.ID, subject: entity, filters: in.filters()}
	after, err := s.start(ctx, c, st, at, in)
	if err != nil {
		return nil, err
	}
	recs, last, more, err := s.readRecords(ctx, c, entity, in, after)
	if err != nil {
		return nil, err
	}
	next := ""
	if more {
		next = s.seal(at, position{epoch: st.Epoch, seq: last})
	}
	return &bytesOutput{Body: func(hc huma.Context) { s.writeList(hc, c, st, recs, in.has("raw"), next) }}, nil
}

// start gives the seq after which the page begins.
func (s *server) start(ctx context.Context, c *store.Connection, st store.Position, at place, in *listInput) (int64, error) {
	if in.Cursor != "" {
		return s.resume(st, at, in.Cursor)
	}
	floor := in.ModifiedAfter
	if in.CreatedAfter.After(floor) {
		floor = in.CreatedAfter
	}
	if floor.IsZero() {
		return 0, nil
	}
	seq, err := s.Store.SeqBefore(ctx, c.Scope(), st.Entity, floor)
	if err != nil {
		return 0, fmt.Errorf("find where %s begin: %w", st.Entity, err)
	}
	return seq, nil
}

// resume opens a cursor of a stream: one from before a reset, or from a future that a restore undid, has expired.
func (s *server) resume(st store.Position, at place, cursor string) (int64, error) {
	p, err := s.open(at, cursor)
	if err != nil {
		return 0, err
	}
	if p.epoch != st.Epoch || p.seq > st.Seq {
		return 0, expiredCursor(st.Entity)
	}
	return p.seq, nil
}

// readRecords reads a page; with created_after it looks through a bounded number of pages for records that are new enough.
func (s *server) readRecords(ctx context.Context, c *store.Connection, entity string, in *listInput, after int64) (found []store.Record, last int64, more bool, err error) {
	last = after
	size := 0
	for range scanPages {
		var recs []store.Record
		recs, more, err = s.Store.Page(ctx, c.Scope(), entity, store.Range{
			After: last, Limit: in.Limit - len(found), Bytes: pageBytes - size, Deleted: in.has("deleted"), Raw: in.has("raw"),
		})
		if err != nil {
			return nil, 0, false, fmt.Errorf("read %s: %w", entity, err)
		}
		for _, r := range recs {
			last = r.Seq
			if in.CreatedAfter.IsZero() || createdAfter(r.JSON, in.CreatedAfter) {
				found, size = append(found, r), size+len(r.JSON)+len(r.Raw)
			}
		}
		if !more || in.CreatedAfter.IsZero() || len(found) == in.Limit || size >= pageBytes {
			break
		}
	}
	return found, last, more, nil
}

func createdAfter(record string, after time.Time) bool {
	text, ok, err := rawjson.Find([]byte(record), "created_at")
	if err != nil || !ok || len(text) < 2 {
		return false
	}
	created, err := time.Parse(time.RFC3339Nano, string(text[1:len(text)-1]))
	return err == nil && created.After(after)
}

// writeList sends a page record by record; next is "" at the end of the list.
func (s *server) writeList(hc huma.Context, c *store.Connection, st store.Position, recs []store.Record, raw bool, next string) {
	s.send(hc, next, func(w *bytes.Buffer) {
		w.WriteString(`{"data":[`)
		for i, r := range recs {
			if i > 0 {
				w.WriteByte(',')
			}
			writeRecord(w, r, raw)
		}
		w.WriteString("]")
		w.Write(s.appendTail(nil, c, st, next))
	})
}

// writeRecord writes a stored record, with the source's object at its end when asked for.
func writeRecord(w *bytes.Buffer, r store.Record, raw bool) {
	if !raw {
		w.WriteString(r.JSON)
		return
	}
	w.WriteString(r.JSON[:len(r.JSON)-1])
	w.WriteString(`,"raw":`)
	if len(r.Raw) == 0 {
		w.WriteString("null")
	}
	w.WriteString(r.Raw)
	w.WriteByte('}')
}

// appendTail writes what follows the data of a page, and closes it.
func (s *server) appendTail(b []byte, c *store.Connection, st store.Position, next string) []byte {
	b = appendCursor(append(b, `,"next_cursor":`...), next)
	return append(s.appendMeta(append(b, `,"meta":`...), c, st), '}')
}

func appendCursor(b []byte, next string) []byte {
	if next == "" {
		return append(b, "null"...)
	}
	return strconv.AppendQuote(b, next)
}

// linkNext names the next page in a header, with the same parameters.
func linkNext(hc huma.Context, next string) {
	if next == "" {
		return
	}
	u := hc.URL()
	q := u.Query()
	q.Set("cursor", next)
	target := url.URL{Path: u.Path, RawQuery: q.Encode()}
	hc.SetHeader("Link", "<"+target.String()+`>; rel="next"`)
}
