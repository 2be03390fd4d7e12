package connection

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// Update holds what PATCH may change; nil leaves a member.
type Update struct {
	Name, TimeZone *string
	Metadata       json.RawMessage
	Tags           *[]string
	Blackouts      *[]string
	WriteRules     *manifest.RuleSet // fields named as in the model or as the API shows them
}

// Update changes a connection's profile and brings c up to date. Errors: *problem.Error validation-failed with pointers.
func (s *Service) Update(ctx context.Context, c *store.Connection, u Update) error {
	set, err := u.check()
	if err != nil {
		return err
	}
	rules, err := s.writeRules(c, u.WriteRules)
	if err != nil {
		return err
	}
	var now *store.Connection
	err = s.Store.Write(ctx, func(tx *store.Tx) (err error) {
		if now, err = tx.LockConnection(ctx, c.ID); err != nil {
			return err
		}
		set(now)
		now.UpdatedAt = s.instant()
		if err := tx.SetConnectionProfile(ctx, now, now.UpdatedAt); err != nil {
			return err
		}
		if err := setRules(ctx, tx, now, rules); err != nil {
			return err
		}
		if u.TimeZone != nil || u.Blackouts != nil {
			if err := tx.FreeRuns(ctx, now.Scope(), problem.ReasonBlackout); err != nil { // those that still have to wait are held again at their next turn
				return err
			}
		}
		return note(ctx, tx, now, "changed", u.names()...)
	})
	if err != nil {
		return fmt.Errorf("update connection %s: %w", c.ID, err)
	}
	adopt(c, now)
	return nil
}

// names are those of the members that are given.
func (u Update) names() (names []string) {
	for _, m := range []struct {
		name  string
		given bool
	}{
		{"name", u.Name != nil}, {"time_zone", u.TimeZone != nil}, {"metadata", u.Metadata != nil}, {"tags", u.Tags != nil},
		{"blackouts", u.Blackouts != nil}, {"write_rules", u.WriteRules != nil},
	} {
		if m.given {
			names = append(names, m.name)
		}
	}
	return names
}

// check gives what sets the members that are given.
func (u Update) check() (set func(*store.Connection), err error) {
	f := newFaults()
	var name, zone string
	var tags, blackouts []string
	if u.Name != nil {
		name = f.name(*u.Name)
	}
	if u.TimeZone != nil {
		zone = f.timeZone(*u.TimeZone)
	}
	if u.Tags != nil {
		tags = f.tags(*u.Tags)
	}
	if u.Blackouts != nil {
		blackouts = f.blackouts(*u.Blackouts)
	}
	metadata := f.metadata(u.Metadata)
	return func(c *store.Connection) {
		if u.Name != nil {
			c.Name = name
		}
		if u.TimeZone != nil {
			c.TimeZone = zone
		}
		if u.Tags != nil {
			c.Tags = tags
		}
		if u.Blackouts != nil {
			c.Blackouts = blackouts
		}
		if u.Metadata != nil {
			c.Metadata = metadata
		}
	}, f.err()
}
