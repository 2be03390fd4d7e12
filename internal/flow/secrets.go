package flow

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/store"
)

// open gives the secret values that are stored with a flow, or with a run of it.
func (s *Service) open(ctx context.Context, f *store.Flow, sealed []byte) (secret.Credentials, error) {
	if len(sealed) == 0 {
		return secret.NewCredentials(nil), nil
	}
	key, err := s.Store.ProjectDataKey(ctx, f.ProjectID)
	if err != nil {
		return secret.Credentials{}, fmt.Errorf("read the key of the project's secrets: %w", err)
	}
	c, err := s.Keeper.OpenValues(key, secret.FlowPlace(f.ProjectID, f.ID), sealed)
	if err != nil {
		return c, fmt.Errorf("open the secret parameters of flow %s: %w", f.Name, err)
	}
	return c, nil
}

// seal gives what is stored of secret values; nil of none.
func (s *Service) seal(ctx context.Context, tx *store.Tx, project, flow string, values map[string]string) ([]byte, error) {
	if len(values) == 0 {
		return nil, nil
	}
	key, err := tx.EnsureProjectDataKey(ctx, project, func() ([]byte, error) { return s.Keeper.NewKey(secret.Owner{Project: project}) })
	if err != nil {
		return nil, fmt.Errorf("read the key of the project's secrets: %w", err)
	}
	sealed, err := s.Keeper.SealValues(key, secret.FlowPlace(project, flow), values)
	if err != nil {
		return nil, fmt.Errorf("seal secret parameters: %w", err)
	}
	return sealed, nil
}

// hidden gives JSON to be stored or shown, without the secrets of a run.
func (w *work) hidden(value json.RawMessage) []byte { return w.mask.JSON(value) }

// hide is hidden, for the machine: no step sees a secret in what another gave, so that it makes no difference whether that was stored in between.
func (w *work) hide(result json.RawMessage) json.RawMessage { return w.mask.JSON(result) }
