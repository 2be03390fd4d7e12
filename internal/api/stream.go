package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// unsupported is what a system cannot deliver of an entity: wire names, as a JSON list.
type unsupported = json.RawMessage

// stream gives where the stream of an entity stands of the caller's connection, or says why there is none.
func (s *server) stream(ctx context.Context, c *store.Connection, entity string) (store.Position, error) {
	st, err := s.Store.Position(ctx, c.Scope(), entity)
	if errors.Is(err, store.ErrNotFound) {
		return st, s.notEnabled(c, entity)
	}
	if err != nil {
		return st, fmt.Errorf("read the stream of %s: %w", entity, err)
	}
	return st, nil
}

// notEnabled tells whether the system has no such entity or the connection leaves it out.
func (s *server) notEnabled(c *store.Connection, entity string) error {
	system := s.Systems.System(c.System)
	detail := fmt.Sprintf("This connection does not sync %s.", entity)
	if system != nil && system.Entity(entity) == nil {
		names := make([]string, len(system.Entities))
		for i, e := range system.Entities {
			names[i] = e.Name
		}
		detail = fmt.Sprintf("The connector of %s does not map %s. It maps %s.", system.Name, entity, strings.Join(names, ", "))
	}
	return &problem.Error{Code: problem.EntityNotEnabled, Detail: detail}
}

// appendMeta writes the meta member of an answer about a stream.
func (s *server) appendMeta(b []byte, c *store.Connection, st store.Position) []byte {
	b = append(b, `{"as_of":`...)
	if asOf := instant(st.LastSuccessAt); asOf == "" {
		b = append(b, "null"...)
	} else {
		b = append(append(append(b, '"'), asOf...), '"')
	}
	b = append(append(b, `,"connection_status":"`...), c.State...)
	b = append(b, `","unsupported_fields":`...)
	if names := s.meta[c.System][st.Entity]; names != nil {
		b = append(b, names...)
	} else {
		b = append(b, "[]"...)
	}
	return append(b, '}')
}

// instant writes a time as the model does; "" for none.
func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.999999Z")
}

// unsupportedFields lists for every system and entity the fields that its connector cannot deliver.
func unsupportedFields(systems *manifest.Registry) (map[string]map[string]unsupported, error) {
	all := map[string]map[string]unsupported{}
	for _, sys := range systems.Systems() {
		all[sys.System] = map[string]unsupported{}
		for _, e := range sys.Entities {
			text, err := json.Marshal(e.UnsupportedFields())
			if err != nil {
				return nil, fmt.Errorf("write the unsupported fields of %s: %w", e.Name, err)
			}
			all[sys.System][e.Name] = text
		}
	}
	return all, nil
}
