package store

import (
	"context"
	"fmt"
	"time"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// SealedConnections lists, by id and behind one, connections with a login that were made by then.
func (s *Store) SealedConnections(ctx context.Context, after string, made time.Time, limit int) ([]string, error) {
	return s.read.ConnectionsSealedBefore(ctx, after, queries.At(made), atMost(limit))
}

// LoginTokens in the caller's transaction, which has locked the connection.
func (t *Tx) LoginTokens(ctx context.Context, sc Scope) (LoginTokens, error) {
	return loginTokens(ctx, t.q, sc)
}

// Reseal stores a login, and its tokens unless they are empty, under another data key. They are the same ones as before, and the transaction has locked the connection.
func (t *Tx) Reseal(ctx context.Context, sc Scope, dataKey, credentials, tokens []byte) error {
	if err := t.q.ResealConnection(ctx, dataKey, credentials, sc.no); err != nil {
		return fmt.Errorf("store the login of connection %s under another key: %w", sc.id, err)
	}
	if len(tokens) == 0 {
		return nil
	}
	return t.q.ResealLoginTokens(ctx, tokens, sc.no)
}

// SealedProjects lists the projects that have a data key.
func (s *Store) SealedProjects(ctx context.Context) ([]string, error) {
	return s.read.ProjectsSealed(ctx)
}

// SealedValue is one of a project's sealed values: of a registration, of a flow and its runs, or, with nothing set, of its settings.
type SealedValue struct {
	App  *App
	Flow string
}

// Again gives a sealed value under another data key.
type Again func(v SealedValue, sealed []byte) ([]byte, error)

// ResealProject stores the secrets of a project under another data key: reseal gives the key, and each value under it. Whoever seals for the project has locked its data key, so nobody does so meanwhile.
func (t *Tx) ResealProject(ctx context.Context, projectID string, reseal func(dataKey []byte) (next []byte, again Again, err error)) error {
	was, err := t.q.LockProjectDataKey(ctx, projectID)
	if err != nil || was == nil {
		return orNotFound(err)
	}
	next, again, err := reseal(was)
	if err != nil {
		return err
	}
	settings, err := t.q.ProjectSealed(ctx, projectID)
	if err != nil {
		return err
	}
	if settings, err = again(SealedValue{}, settings); err != nil {
		return err
	}
	if err := t.resealApps(ctx, projectID, again); err != nil {
		return err
	}
	if err := t.resealFlows(ctx, projectID, again); err != nil {
		return err
	}
	return t.q.ResealProject(ctx, next, settings, projectID)
}

func (t *Tx) resealApps(ctx context.Context, projectID string, again Again) error {
	apps, err := t.q.ProjectApps(ctx, projectID)
	if err != nil {
		return err
	}
	for _, a := range apps {
		sealed, err := again(SealedValue{App: &App{ProjectID: a.ProjectID, System: a.System, AuthMethod: a.AuthMethod}}, a.Sealed)
		if err != nil {
			return err
		}
		if err := t.q.ResealProjectApp(ctx, queries.ResealProjectAppParams{Sealed: sealed, ProjectID: a.ProjectID, System: a.System, AuthMethod: a.AuthMethod}); err != nil {
			return err
		}
	}
	return nil
}

// resealFlows takes flows before runs: a run that begins meanwhile waits for its flow, and has what that has then.
func (t *Tx) resealFlows(ctx context.Context, projectID string, again Again) error {
	flows, err := t.q.SealedFlows(ctx, projectID)
	if err != nil {
		return err
	}
	for _, f := range flows {
		sealed, err := again(SealedValue{Flow: f.ID}, f.Sealed)
		if err != nil {
			return err
		}
		if err := t.q.ResealFlow(ctx, sealed, f.ID); err != nil {
			return err
		}
	}
	runs, err := t.q.SealedFlowRuns(ctx, projectID)
	if err != nil {
		return err
	}
	for _, r := range runs {
		sealed, err := again(SealedValue{Flow: r.Flow}, r.Sealed)
		if err != nil {
			return err
		}
		if err := t.q.ResealFlowRuns(ctx, sealed, r.Flow, r.Sealed); err != nil {
			return err
		}
	}
	return nil
}
