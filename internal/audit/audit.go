// Package audit notes who did what: one entry for each privileged act, in the transaction of the act, so that there is none without the other. Entries
// name fields and never hold values. It knows no HTTP; who acts is told to it.
package audit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/busbar-dev/busbar/internal/audit/chain"
	"github.com/busbar-dev/busbar/internal/store"
)

// The kinds of actors.
const (
	Member  = "member"
	Key     = "key"
	Token   = "token"
	Link    = "link"    // whoever holds a link
	Command = "command" // whoever runs a command on Busbar's machine
	System  = "system"  // Busbar itself
)

// Actor is who acts.
type Actor struct {
	Kind, ID, Name string
	ProjectID      string // empty: the deployment's
	RequestID      string
	Address        string
	At             time.Time // when it acts
}

type actorKey struct{}

// By says who acts in what is done with the context.
func By(ctx context.Context, a Actor) context.Context { return context.WithValue(ctx, actorKey{}, a) }

// Myself says that Busbar itself acts, and as what.
func Myself(ctx context.Context, name string, at time.Time) context.Context {
	return By(ctx, Actor{Kind: System, Name: name, At: at})
}

// Who gives the actor of By.
func Who(ctx context.Context) (Actor, bool) {
	a, ok := ctx.Value(actorKey{}).(Actor)
	return a, ok
}

// Act is what is done.
type Act struct {
	Action       string // connection.paused
	Target       string // connection
	TargetID     string
	ConnectionID string   // that it concerns; empty: none
	ProjectID    string   // empty: the actor's
	Fields       []string // names of what changes
}

// Note stores an entry in the transaction of an act. It comes last: it takes the lock that all entries are numbered under. Without an actor nothing
// may be done.
func Note(ctx context.Context, tx *store.Tx, act Act) error {
	who, ok := Who(ctx)
	if !ok || who.Kind == "" || who.At.IsZero() {
		return fmt.Errorf("note %s: %w", act.Action, errNobody)
	}
	project := act.ProjectID
	if project == "" {
		project = who.ProjectID
	}
	return tx.AppendAudit(ctx, chain.Entry{
		DoneAt: who.At, ProjectID: project, Actor: who.Kind, ActorID: who.ID, ActorName: who.Name,
		Action: act.Action, Target: act.Target, TargetID: act.TargetID, ConnectionID: act.ConnectionID, Fields: act.Fields,
		RequestID: who.RequestID, Address: who.Address,
	})
}

var errNobody = errors.New("a privileged act has nobody who does it, or no time; give its context to audit.By")
