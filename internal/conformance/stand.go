// Package conformance owns the suite that every connector passes: the checks that its manifest calls for, run by a real Busbar in this process against a system that a Stand names, and the
// capability matrix of what they exercised. It knows no system: what only one system needs is in its Stand.
package conformance

import (
	"context"
	"io/fs"
	"net/netip"
	"net/url"
	"sync"
	"time"

	"github.com/busbar-dev/busbar/internal/allow"
)

// Stand is a system that runs, and what is needed to try its connector out.
type Stand struct {
	Folder      fs.FS             // of connectors
	System      string            // the connector's folder in it
	Credentials map[string]string // a login that may do everything
	AuthMethod  string            // "": the first of the manifest
	Version     string            // of the real system that runs, as in `live 6.0`
	Simulator   bool              // a simulator runs, not the system
	Clock       *Clock            // Busbar's, and the simulator's where it takes one; nil: a new one
	Allow       []allow.Rule      // what Busbar may reach besides the suite's own proxy

	// TCP names the login's fields that hold host and port of a system that does not speak HTTP; the suite then cuts connections instead of bending answers.
	TCP [2]string

	Writes   bool                // records may be made, changed and deleted
	Entities []string            // only these; nil: all
	Hands    Hands               // another user of the system; nil: none
	Touches  []string            // entities that Hands.Touch can change
	Adds     []string            // entities that Hands.Add can make a record of
	Removes  []string            // entities that Hands.Remove can delete a record of
	Samples  map[string]Sample   // by entity, where the manifest alone does not tell what to write
	Bad      map[string][]string // remote ids of records that are to be in quarantine, by entity
	Public   []string            // secrets of the login that are no secrets, because everybody's are the same
	Unproven map[string]string   // why a check cannot be made here, by "check" or "check entity"; why a simulator proves less than it shows, by "evidence entity"
	Words    map[string][]string // words of the system, by entity, that stand for none of the model's: they are read as other
	Checks   []string            // only these; nil: all
}

// Hands are another user of the system. Entities are Busbar's.
type Hands interface {
	// Touch changes something that the connector shows, stamped as the system stamps it.
	Touch(ctx context.Context, entity, remoteID string) error
	// Add makes a record.
	Add(ctx context.Context, entity string) (remoteID string, err error)
	// Remove deletes a record.
	Remove(ctx context.Context, entity, remoteID string) error
}

// Committer are Hands that can keep a transaction open.
type Committer interface {
	// Late changes a record as Touch does, in a transaction that has its stamps now and that others see only after commit and ten minutes of the stand's clock.
	Late(ctx context.Context, entity, remoteID string) (commit func() error, err error)
}

// Sample is what to write of an entity. Fields are named as the API shows them.
type Sample struct {
	Create func(n int, stored Stored) map[string]any // a body of which the system makes a record, another for each n; nil: from the manifest
	Update map[string]any                            // what to change of a record that was made; nil: from the manifest
	Moves  []string                                  // the words of status through which a record that was made goes; nil: those that the manifest leads to
}

// Stored gives the records of an entity that Busbar holds, as the API shows them.
type Stored func(entity string) []map[string]any

// Clock is the real time and what tests put it forward by. The zero value is ready.
type Clock struct {
	mu      sync.Mutex
	forward time.Duration
}

// Now is the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.forward)
}

// Forward lets time pass.
func (c *Clock) Forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forward += d
}

// Anywhere lets Busbar reach every address: where the person who gives the login may reach it anyway.
func Anywhere() []allow.Rule {
	return []allow.Rule{{Prefix: netip.MustParsePrefix("0.0.0.0/0")}, {Prefix: netip.MustParsePrefix("::/0")}}
}

// wants tells whether an entity is looked at.
func (s *Stand) wants(entity string) bool { return s.Entities == nil || contains(s.Entities, entity) }

// address gives the first field of the login that is an address, and its value; "" where there is none.
func (s *Stand) address(urls []string) (field string, at *url.URL) {
	for _, name := range urls {
		if u, err := url.Parse(s.Credentials[name]); err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" {
			return name, u
		}
	}
	return "", nil
}
