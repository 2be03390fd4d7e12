package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/rawjson"
	"github.com/busbar-dev/busbar/internal/store"
)

type getInput struct {
	ID          string   `path:"id" doc:"Our id of the record." example:"6f1c2a34-5b7e-5d21-9c0f-3e8a1b2c4d5e"`
	Include     []string `query:"include" enum:"raw,deleted" doc:"raw: the source's object as received. deleted: also what was deleted."`
	IfNoneMatch string   `header:"If-None-Match" doc:"The ETag of the version you have: 304 when it is still the current one."`
}

func (in *getInput) has(what string) bool { return slices.Contains(in.Include, what) }

type getOutput struct {
	ETag             string `header:"ETag" doc:"The version of the record."`
	AsOf             string `header:"Busbar-As-Of" doc:"When the last successful sync of this entity ended."`
	ConnectionStatus string `header:"Busbar-Connection-Status" doc:"The state of the connection."`
	Body             func(huma.Context)
}

// getRecord serves one record, bare; freshness stands in headers.
func (s *server) getRecord(ctx context.Context, entity string, in *getInput) (*getOutput, error) {
	c := callerOf(ctx).connection
	st, err := s.stream(ctx, c, entity)
	if err != nil {
		return nil, err
	}
	r, err := s.readRecord(ctx, c, entity, in)
	if err != nil {
		return nil, err
	}
	tag, err := etag(r.JSON)
	if err != nil {
		return nil, err
	}
	out := &getOutput{ETag: tag, AsOf: instant(st.LastSuccessAt), ConnectionStatus: string(c.State)}
	out.Body = func(hc huma.Context) { s.writeOne(hc, *r, in.has("raw")) }
	if matches(in.IfNoneMatch, tag) {
		out.Body = func(hc huma.Context) { hc.SetStatus(http.StatusNotModified) }
	}
	return out, nil
}

func (s *server) readRecord(ctx context.Context, c *store.Connection, entity string, in *getInput) (*store.Record, error) {
	id, err := uuid.Parse(in.ID)
	if err != nil || id.String() != in.ID {
		return nil, noRecord(entity, in.ID)
	}
	r, err := s.Store.Get(ctx, c.Scope(), entity, id, in.has("raw"))
	if errors.Is(err, store.ErrNotFound) {
		return nil, noRecord(entity, in.ID)
	}
	if err != nil {
		return nil, fmt.Errorf("read %s %s: %w", entity, in.ID, err)
	}
	if r.Deleted && !in.has("deleted") {
		return nil, &problem.Error{Code: problem.NotFound, Detail: "This record was deleted in the system. Add include=deleted to read its last state."}
	}
	return r, nil
}

func (s *server) writeOne(hc huma.Context, r store.Record, raw bool) {
	s.send(hc, "", func(w *bytes.Buffer) { writeRecord(w, r, raw) })
}

func noRecord(entity, id string) error {
	return &problem.Error{Code: problem.NotFound, Detail: fmt.Sprintf("There is no record %s in %s.", quote(id), entity)}
}

// etag gives the version of a stored record as an entity tag.
func etag(record string) (string, error) {
	version, ok, err := rawjson.Find([]byte(record), "version")
	if err != nil || !ok {
		return "", fmt.Errorf("a stored record has no version: %w", err)
	}
	return string(version), nil
}

// matches tells whether an If-None-Match header names the tag.
func matches(header, tag string) bool {
	for one := range strings.SplitSeq(header, ",") {
		one = strings.TrimSpace(one)
		if one == "*" || strings.TrimPrefix(one, "W/") == tag {
			return true
		}
	}
	return false
}
