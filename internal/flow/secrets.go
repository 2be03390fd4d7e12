package flow

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

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

// hidden gives JSON that is for people only, without the secrets of a run.
func (w *work) hidden(value json.RawMessage) []byte { return w.mask.JSON(value) }

// Shown gives what is stored of inputs, results and settings of a run as people see it: without the run's secrets, which are covered there. Steps see what it was.
func Shown(stored []byte) []byte { return secret.Shown(stored) }

// ShownKey is Shown for the key of an item.
func ShownKey(stored string) string { return secret.ShownText(stored) }

// runSecrets gives the secrets of a run.
func (s *Service) runSecrets(ctx context.Context, r *store.FlowRun) (secret.Credentials, error) {
	if len(r.Sealed) == 0 {
		return secret.NewCredentials(nil), nil
	}
	f, err := s.Store.FlowByID(ctx, r.FlowID)
	if err != nil {
		return secret.Credentials{}, fmt.Errorf("read the flow of run %s: %w", r.ID, err)
	}
	return s.open(ctx, f, r.Sealed)
}

// ofCaller begins the names of secrets that a called run keeps because something of what it was given holds them.
const ofCaller = "caller."

// guarded gives the secrets of a run that is called: its own, and its caller's if it is given one of them.
func guarded(own map[string]string, caller secret.Credentials, given ...[]byte) map[string]string {
	veil := caller.Veil()
	if !slices.ContainsFunc(given, func(text []byte) bool { return secret.Covered(veil.Cover(text)) }) {
		return own
	}
	all := maps.Clone(own)
	for _, name := range caller.Names() {
		all[ofCaller+name] = caller.Get(name)
	}
	return all
}

func valuesOf(c secret.Credentials) map[string]string {
	values := map[string]string{}
	for _, name := range c.Names() {
		values[name] = c.Get(name)
	}
	return values
}

// given lifts what a run that was called gives to its caller. ok: no secret of the called flow's own is in it.
func (s *Service) given(ctx context.Context, r *store.FlowRun, output []byte) (value []byte, ok bool, err error) {
	known, err := s.runSecrets(ctx, r)
	if err != nil || len(known.Names()) == 0 { // nothing is covered, and what looks like it is data
		return output, true, err
	}
	own := func(name string) bool { return !strings.HasPrefix(name, ofCaller) }
	return known.Veil().Lift(output), !secret.CoveredOf(output, own), nil
}
