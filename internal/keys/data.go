package keys

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/busbar-dev/busbar/internal/audit"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/store"
)

const (
	dataSteps = 50               // connections in one look
	answerDue = 10 * time.Minute // for so long after a renewal was asked for, its answer may still be stored
)

// dataRotation is a rotation of data keys as it is stored: connections come by id.
type dataRotation struct {
	StartedAt  time.Time `json:"started_at"`
	After      string    `json:"after"`   // the last connection that was looked at
	Waiting    []string  `json:"waiting"` // whose login is being renewed: they come again
	Done       int       `json:"done"`
	FinishedAt time.Time `json:"finished_at,omitzero"`
}

func (d dataRotation) active() bool { return !d.StartedAt.IsZero() && d.FinishedAt.IsZero() }

// DataStatus is how far a rotation of data keys is.
type DataStatus struct {
	StartedAt, FinishedAt time.Time
	Done                  int
	Waiting               []string // connections whose login is being renewed
}

// RotateData begins to seal every login anew, under new data keys. One that is under way goes on.
func (s *Service) RotateData(ctx context.Context) error {
	_, err := changeState(ctx, s.Store, dataName, func(tx *store.Tx, d *dataRotation) (bool, error) {
		if d.active() {
			return false, nil
		}
		*d = dataRotation{StartedAt: s.Now().UTC()}
		return true, audit.Note(ctx, tx, audit.Act{Action: "data-keys.rotation-started", Target: "data-keys"})
	})
	if err != nil {
		return fmt.Errorf("begin to rotate data keys: %w", err)
	}
	return nil
}

func (s *Service) dataRotation(ctx context.Context) (dataRotation, error) {
	text, err := s.Store.Meta(ctx, dataName)
	if err != nil {
		return dataRotation{}, err
	}
	return parse[dataRotation](text)
}

func (s *Service) dataStatus(ctx context.Context) (DataStatus, error) {
	d, err := s.dataRotation(ctx)
	return DataStatus{StartedAt: d.StartedAt, FinishedAt: d.FinishedAt, Done: d.Done, Waiting: d.Waiting}, err
}

// stepData seals the next logins anew, each in a transaction of its own that also notes how far it came.
func (s *Service) stepData(ctx context.Context) error {
	d, err := s.dataRotation(ctx)
	if err != nil || !d.active() {
		return err
	}
	next, err := s.Store.SealedConnections(ctx, d.After, d.StartedAt, dataSteps)
	if err != nil {
		return fmt.Errorf("list connections: %w", err)
	}
	for _, id := range append(next, d.Waiting...) {
		if err := s.resealNoted(ctx, id); err != nil {
			return fmt.Errorf("seal the login of connection %s anew: %w", id, err)
		}
		s.Step("resealed")
	}
	if d, err = s.dataRotation(ctx); err != nil || len(next) > 0 || len(d.Waiting) > 0 {
		return err
	}
	return s.finishData(ctx)
}

// resealNoted takes one connection, unless another process has taken it.
func (s *Service) resealNoted(ctx context.Context, id string) error {
	_, err := changeState(ctx, s.Store, dataName, func(tx *store.Tx, d *dataRotation) (bool, error) {
		at := slices.Index(d.Waiting, id)
		if !d.active() || id <= d.After && at < 0 {
			return false, nil
		}
		done, waits, err := s.reseal(ctx, tx, id)
		if err != nil {
			return false, err
		}
		if at >= 0 {
			d.Waiting = slices.Delete(d.Waiting, at, at+1)
		}
		if waits {
			d.Waiting = append(d.Waiting, id)
		}
		if done {
			d.Done++
		}
		d.After = max(d.After, id)
		return true, nil
	})
	return err
}

// reseal seals a login and its tokens anew. While a renewal is under way, or its answer may still come, it has to wait: whoever asked stores the answer for the login as it was sealed then.
func (s *Service) reseal(ctx context.Context, tx *store.Tx, id string) (done, waits bool, err error) {
	c, err := tx.LockConnection(ctx, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && c.DataKey == nil {
		return false, false, nil
	}
	if err != nil {
		return false, false, err
	}
	tokens, err := tx.LoginTokens(ctx, c.Scope())
	if err != nil {
		return false, false, err
	}
	now := s.Now()
	if tokens.Owner != "" && now.Before(tokens.Until) || !tokens.AskedAt.IsZero() && now.Before(tokens.AskedAt.Add(answerDue)) {
		return false, true, nil
	}
	key, err := s.Keeper.NewDataKey(id)
	if err != nil {
		return false, false, err
	}
	credentials, err := s.Keeper.Reseal(c.DataKey, key, secret.CredentialsPlace(id), c.Credentials)
	if err == nil {
		tokens.Sealed, err = s.Keeper.Reseal(c.DataKey, key, secret.TokensPlace(id), tokens.Sealed)
	}
	if errors.Is(err, secret.ErrNotOpened) {
		s.Log.Error("a login does not open and stays as it is; renew the connection's credentials", "connection", id, "error", err)
		return false, false, nil
	}
	if err != nil {
		return false, false, err
	}
	return true, false, tx.Reseal(ctx, c.Scope(), key, credentials, tokens.Sealed)
}

// finishData seals what belongs to projects anew and ends, once no connection is left.
func (s *Service) finishData(ctx context.Context) error {
	projects, err := s.Store.SealedProjects(ctx)
	if err != nil {
		return err
	}
	for _, id := range projects {
		if err := s.resealProject(ctx, id); err != nil {
			return err
		}
	}
	ctx = audit.By(ctx, audit.Actor{Kind: audit.System, Name: "busbar", At: s.Now()})
	ended := false
	d, err := changeState(ctx, s.Store, dataName, func(tx *store.Tx, d *dataRotation) (bool, error) {
		if ended = d.active() && len(d.Waiting) == 0; !ended {
			return false, nil
		}
		d.FinishedAt = s.Now().UTC()
		return true, audit.Note(ctx, tx, audit.Act{Action: "data-keys.rotated", Target: "data-keys"})
	})
	if err != nil || !ended {
		return err
	}
	s.Step("resealed all")
	s.Log.Info("all logins are sealed with new data keys", "connections", d.Done)
	return nil
}

func (s *Service) resealProject(ctx context.Context, id string) error {
	err := s.Store.Write(ctx, func(tx *store.Tx) error {
		return tx.ResealProject(ctx, id, func(was []byte) (next []byte, again store.Again, err error) {
			next, err = s.Keeper.NewKey(secret.Owner{Project: id})
			return next, func(v store.SealedValue, sealed []byte) ([]byte, error) {
				return s.Keeper.Reseal(was, next, placeOf(id, v), sealed)
			}, err
		})
	})
	if errors.Is(err, secret.ErrNotOpened) {
		s.Log.Error("a secret of a project does not open, so all of them stay as they are; enter it anew", "project", id, "error", err)
		return nil
	}
	if err != nil {
		return fmt.Errorf("seal the secrets of project %s anew: %w", id, err)
	}
	return nil
}

// placeOf tells where a value of a project stands.
func placeOf(project string, v store.SealedValue) secret.Place {
	switch {
	case v.App != nil:
		return secret.AppPlace(project, v.App.System, v.App.AuthMethod)
	case v.Flow != "":
		return secret.FlowPlace(project, v.Flow)
	}
	return secret.SettingsPlace(project)
}
