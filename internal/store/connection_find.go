package store

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
)

// How many connections one search looks at, and how many at a time.
const (
	findWithin = 5000
	findAtOnce = 500
	findID     = 8 // characters of an id that are one: fewer are in many
)

// Find is what connections are searched for; zero fields ask for nothing.
type Find struct {
	Words    string            // each of them is part of the name, of the system or (from 8 characters on) of the id, in whatever case
	Metadata map[string]string // members of the metadata, at its top: texts, or the JSON of anything else
}

// FindConnections lists those of a project's connections that a search fits, in the order of Connections, at most f.Limit. It looks at a bounded number of them: behind is the id where the next page begins, "" at the end.
func (s *Store) FindConnections(ctx context.Context, projectID string, f ConnectionFilter, by Find) (found []*Connection, behind string, err error) {
	limit := atMost(f.Limit)
	f.Limit = findAtOnce
	words := strings.Fields(strings.ToLower(by.Words))
	for looked := 0; looked < findWithin; {
		some, err := s.Connections(ctx, projectID, f)
		if err != nil {
			return nil, "", err
		}
		for i, c := range some {
			if !by.fits(c, words) {
				continue
			}
			if found = append(found, c); int64(len(found)) == int64(limit) {
				if i+1 == len(some) && len(some) < findAtOnce {
					return found, "", nil
				}
				return found, c.ID, nil
			}
		}
		if len(some) < findAtOnce {
			return found, "", nil
		}
		looked += len(some)
		f.Before = some[len(some)-1].ID
	}
	return found, f.Before, nil
}

func (by Find) fits(c *Connection, words []string) bool {
	text := strings.ToLower(c.Name + "\n" + c.System)
	for _, w := range words {
		if !strings.Contains(text, w) && (len(w) < findID || !strings.Contains(c.ID, w)) {
			return false
		}
	}
	return len(by.Metadata) == 0 || by.describes(c.Metadata)
}

func (by Find) describes(metadata json.RawMessage) bool {
	var members map[string]json.RawMessage
	if json.Unmarshal(metadata, &members) != nil {
		return false
	}
	for name, want := range by.Metadata {
		raw, has := members[name]
		if !has || textOf(raw) != want {
			return false
		}
	}
	return true
}

// textOf gives a JSON text as what it says, anything else as its compact JSON.
func textOf(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil && raw[0] == '"' {
		return text
	}
	var compact bytes.Buffer
	if json.Compact(&compact, raw) != nil {
		return string(raw)
	}
	return compact.String()
}
