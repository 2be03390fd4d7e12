package flow

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/busbar-dev/busbar/internal/flow/lang"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// pause is why a run cannot go on now.
type pause struct {
	code   problem.Reason
	detail string
	until  time.Time
}

func (p *pause) Error() string { return string(p.code) + ": " + p.detail }

// lookAgain is how often a run looks after what it waits for if nobody tells: a connection, an operation, a run.
const lookAgain = 30 * time.Second

// connections gives those that the roles of a flow stand for. rest: one of them cannot be used now.
func (s *Service) connections(ctx context.Context, project string, f *lang.Flow, set Settings) (conns map[string]*store.Connection, rest *pause, err error) {
	conns = map[string]*store.Connection{}
	for _, role := range f.Connections {
		c, err := s.Store.Connection(ctx, project, set.Connections[role.Name])
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, nil, fmt.Errorf("read connection %s: %w", role.Name, err)
		}
		switch {
		case err != nil:
			rest = &pause{problem.ReasonConnectionGone, fmt.Sprintf("The connection for %s is not there any more. Apply the flow with another one.", role.Name), s.Now().Add(lookAgain)}
		case unusable(c.State) != "":
			rest = &pause{unusable(c.State), fmt.Sprintf("The connection for %s, %s, is %s.", role.Name, c.Name, c.State), s.Now().Add(lookAgain)}
		default:
			conns[role.Name] = c
		}
	}
	return conns, rest, nil
}

// unusable gives the reason for which flows leave a connection in this state alone, "" for none: what only does not answer is for the ledger of writes to wait for.
func unusable(s store.ConnectionState) problem.Reason {
	switch s {
	case store.ConnectionDisconnected:
		return problem.ReasonConnectionDisconnected
	case store.ConnectionPaused:
		return problem.ReasonConnectionPaused
	case store.ConnectionNeedsReauth, store.ConnectionPending:
		return problem.ReasonConnectionNotReady
	}
	return ""
}
