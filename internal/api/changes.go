package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

type changesInput struct {
	Entity  string   `query:"entity" required:"true" doc:"The entity to follow." example:"purchase-orders"`
	Cursor  string   `query:"cursor" doc:"next_cursor of the answer before. Without one the feed begins at the first change."`
	Limit   int      `query:"limit" minimum:"1" maximum:"500" default:"100" doc:"How many changes at most."`
	Wait    int      `query:"wait" minimum:"0" maximum:"60" default:"0" doc:"Seconds to wait for a change when there is none yet."`
	Include []string `query:"include" enum:"record" doc:"record: each change with the record as it is now."`
}

// changeHead is a change without its record.
type changeHead struct {
	Seq       int64  `json:"seq" doc:"Position in the feed." example:"4711"`
	Type      string `json:"type" enum:"created,updated,deleted" doc:"created: first stored after the position this page was read from; updated: stored before it and changed since; deleted. Changes of one record between two reads are given as one, so treat created and updated alike: store what is there now."`
	Entity    string `json:"entity" example:"purchase-orders"`
	ID        string `json:"id" doc:"Our id of the record."`
	RemoteID  string `json:"remote_id" doc:"The system's own key." example:"4500012345"`
	Version   string `json:"version" doc:"Version of the record after the change; also its ETag."`
	ChangedAt string `json:"changed_at" format:"date-time" doc:"When Busbar stored the change."`
}

func (s *server) registerChanges() {
	register(s, access{dataPlane, connection.ScopeRead}, s.changesOperation(), s.listChanges)
}

// feedPage is what one look at the feed found.
type feedPage struct {
	stream  store.Position // as it was before the entries were read: a cursor with its epoch skips nothing
	after   int64
	entries []store.FeedEntry
	more    bool
}

// listChanges serves the feed of one entity in commit order. It always gives a cursor to go on with.
func (s *server) listChanges(ctx context.Context, in *changesInput) (*bytesOutput, error) {
	c := callerOf(ctx).connection
	if s.Model.Entity(in.Entity) == nil {
		return nil, s.unknownParameterEntity(in.Entity)
	}
	at := place{kind: feedCursor, owner: c.ID, subject: in.Entity}
	page, err := s.readFeed(ctx, c, at, in)
	if err != nil {
		return nil, err
	}
	if len(page.entries) == 0 && in.Wait > 0 {
		if c, err = s.await(ctx, in, page.after); err != nil {
			return nil, err
		}
		if page, err = s.readFeed(ctx, c, at, in); err != nil {
			return nil, err
		}
	}
	next := s.seal(at, position{epoch: page.stream.Epoch, seq: page.after})
	return &bytesOutput{Body: func(hc huma.Context) { s.writeFeed(hc, c, page, next) }}, nil
}

func (s *server) readFeed(ctx context.Context, c *store.Connection, at place, in *changesInput) (p feedPage, err error) {
	if p.stream, err = s.stream(ctx, c, in.Entity); err != nil {
		return p, err
	}
	if in.Cursor != "" {
		if p.after, err = s.resume(p.stream, at, in.Cursor); err != nil {
			return p, err
		}
	}
	p.entries, p.more, err = s.Store.Feed(ctx, c.Scope(), in.Entity, store.Range{
		After: p.after, Limit: in.Limit, Bytes: pageBytes, Deleted: true, JSON: slices.Contains(in.Include, "record"),
	})
	if err != nil {
		return p, fmt.Errorf("read the changes of %s: %w", in.Entity, err)
	}
	if n := len(p.entries); n > 0 {
		p.after = p.entries[n-1].Seq
	}
	return p, nil
}

// recheck is how often a waiting request is asked whether it may still wait.
const recheck = time.Second

// await holds the request until there is a change, its time is over or the caller may no longer wait. It gives the connection as it is then.
func (s *server) await(ctx context.Context, in *changesInput, after int64) (*store.Connection, error) {
	who := callerOf(ctx)
	release, err := s.limiter.poll(who.id())
	defer release()
	if err != nil {
		return nil, err
	}
	waiting, cancel := context.WithTimeout(ctx, time.Duration(in.Wait)*time.Second)
	defer cancel()
	if s.Stopping != nil {
		defer context.AfterFunc(s.Stopping, cancel)()
	}
	go watch(waiting, who, cancel)
	s.Changes.Wait(waiting, who.connection.Scope(), in.Entity, after)
	now, err := who.again()
	return now.connection, err
}

// watch ends the wait of a caller who is no longer let in.
func watch(ctx context.Context, who caller, end func()) {
	tick := time.NewTicker(recheck)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if _, err := who.again(); err != nil {
			end()
			return
		}
	}
}

func (s *server) writeFeed(hc huma.Context, c *store.Connection, p feedPage, next string) {
	s.send(hc, next, func(w *bytes.Buffer) {
		w.WriteString(`{"data":[`)
		for i, e := range p.entries {
			if i > 0 {
				w.WriteByte(',')
			}
			writeChange(w, p.stream.Entity, e)
		}
		fmt.Fprintf(w, `],"has_more":%t`, p.more)
		w.Write(s.appendTail(nil, c, p.stream, next))
	})
}

func writeChange(w *bytes.Buffer, entity string, e store.FeedEntry) {
	head, _ := json.Marshal(changeHead{
		Seq: e.Seq, Type: e.Type, Entity: entity, ID: e.ID.String(), RemoteID: e.RemoteID, Version: e.Version, ChangedAt: instant(e.ChangedAt),
	})
	if len(e.JSON) == 0 {
		w.Write(head)
		return
	}
	w.Write(head[:len(head)-1])
	w.WriteString(`,"record":`)
	w.WriteString(e.JSON)
	w.WriteByte('}')
}

func (s *server) unknownParameterEntity(name string) error {
	p := s.unknownEntity(name)
	p.Items = []problem.Item{{Pointer: "entity", Code: problem.Unknown, Detail: p.Detail}}
	return p
}
