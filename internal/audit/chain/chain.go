// Package chain binds the entries of the audit log to each other: each entry's hash covers its content and the hash before. It knows neither
// the store nor HTTP, so that a client checks with the same few lines what a server shows.
package chain

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Entry is what was done, by whom: as it is hashed, served and exported.
type Entry struct {
	N            int64     `json:"n" doc:"Its number in the log of this Busbar. The numbers have no gaps; what is missing in a list was done in other projects."`
	DoneAt       time.Time `json:"done_at"`
	ProjectID    string    `json:"project_id" doc:"Empty: the deployment's own."`
	Actor        string    `json:"actor" enum:"member,key,token,link,command,system" doc:"What kind of actor did it."`
	ActorID      string    `json:"actor_id"`
	ActorName    string    `json:"actor_name" doc:"As it was called then."`
	Action       string    `json:"action" example:"connection.paused"`
	Target       string    `json:"target" example:"connection"`
	TargetID     string    `json:"target_id"`
	ConnectionID string    `json:"connection_id" doc:"That it concerns; empty: none."`
	Fields       []string  `json:"fields" doc:"Names of what changed. Values are never kept."`
	RequestID    string    `json:"request_id"`
	Address      string    `json:"address" doc:"From where it was asked for."`
}

// Sum is the hash of the entry behind the previous one: SHA-256 over the previous hash (nothing before the first entry) and the entry as JSON in the
// canonical form of RFC 8785, done_at in UTC with six digits of a second.
func (e Entry) Sum(previous []byte) ([]byte, error) {
	if e.Fields == nil {
		e.Fields = []string{}
	}
	text, err := json.Marshal(struct {
		Entry
		DoneAt string `json:"done_at"`
	}{e, e.DoneAt.UTC().Format("2006-01-02T15:04:05.000000Z")})
	if err != nil {
		return nil, fmt.Errorf("write audit entry %d: %w", e.N, err)
	}
	canonical := jsontext.Value(text)
	if err := canonical.Canonicalize(); err != nil {
		return nil, fmt.Errorf("write audit entry %d: %w", e.N, err)
	}
	sum := sha256.Sum256(append(bytes.Clone(previous), canonical...))
	return sum[:], nil
}
