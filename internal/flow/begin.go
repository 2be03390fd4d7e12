package flow

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/flow/lang"
	"github.com/busbar-dev/busbar/internal/flow/machine"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/store"
)

// callKind is what the trigger of a run is called that another run began.
const callKind = lang.Call

// Begin is what a run begins with.
type Begin struct {
	Kind        string                     // of the trigger, as lang.Manual
	Input       json.RawMessage            // nil: none
	Parameters  map[string]json.RawMessage // in place of the flow's own
	Connections map[string]string          // ids by role, in place of the flow's own
	Caller      string                     // id of the key or member; of a call, the run's
	Parent      store.FlowItemKey
	Secrets     secret.Credentials // of a call, those of the run that calls
}

// begin makes a run in the transaction, and wakes the flow. The error is a *problem.Error where the run cannot be.
func (s *Service) begin(ctx context.Context, tx *store.Tx, f *store.Flow, b Begin) (*store.FlowRun, error) {
	p, own, scopes, err := s.settingsFor(ctx, f, b)
	if err != nil {
		return nil, err
	}
	sealed, secrets, err := s.sealedFor(ctx, tx, f, b, own)
	if err != nil {
		return nil, err
	}
	veil := secrets.Veil()
	text, err := json.Marshal(own.through(veil.Cover))
	if err != nil {
		return nil, fmt.Errorf("write the settings of a run: %w", err)
	}
	id, err := uuid.NewV7FromReader(s.Rand)
	if err != nil {
		return nil, fmt.Errorf("make an id: %w", err)
	}
	r, err := tx.InsertFlowRun(ctx, store.NewFlowRun{
		ID: id.String(), Flow: f, Version: f.Version, TriggerKind: b.Kind, Input: veil.Cover(b.Input), Settings: text, Sealed: sealed, MainCounts: !p.Flow().HasEach(),
		Connections: scopes, Caller: b.Caller, Parent: b.Parent,
	}, s.Now())
	if err != nil {
		return nil, err
	}
	return r, s.Waker.Wake(ctx, tx, store.LaneFlows, f.ID)
}

// takes says why a flow does not begin a run with this, as a *problem.Error; nil: it does.
func (s *Service) takes(ctx context.Context, f *store.Flow, b Begin) error {
	_, _, _, err := s.settingsFor(ctx, f, b)
	return err
}

// settingsFor gives the settings of a run, and the connections that it works with.
func (s *Service) settingsFor(ctx context.Context, f *store.Flow, b Begin) (p *machine.Program, own runSettings, scopes []store.Scope, err error) {
	if p, err = s.program(ctx, f.ID, f.Version); err != nil {
		return nil, own, nil, err
	}
	set, err := SettingsOf(f.Settings)
	if err != nil {
		return nil, own, nil, err
	}
	own.Settings = Settings{Connections: merged(set.Connections, b.Connections), Parameters: merged(set.Parameters, b.Parameters)}
	if own.secrets, err = s.open(ctx, f, f.Sealed); err != nil {
		return nil, own, nil, err
	}
	if b.Kind == callKind { // whoever calls may give secrets too
		values, err := takeSecrets(p.Flow(), &own.Settings, valuesOf(own.secrets))
		if err != nil {
			return nil, own, nil, err
		}
		own.secrets = secret.NewCredentials(values)
	}
	own.unset()
	if err = own.check(p.Flow(), own.secrets); err != nil {
		return nil, own, nil, err
	}
	scopes, err = s.scopes(ctx, f.ProjectID, p.Flow(), own.Connections)
	return p, own, scopes, err
}

// runSettings are those of a run, with its secrets.
type runSettings struct {
	Settings
	secrets secret.Credentials
}

// sealedFor gives the secrets of a run, and as what they are stored: its flow's, but of a call.
func (s *Service) sealedFor(ctx context.Context, tx *store.Tx, f *store.Flow, b Begin, own runSettings) ([]byte, secret.Credentials, error) {
	if b.Kind != callKind {
		return f.Sealed, own.secrets, nil
	}
	values := valuesOf(own.secrets)
	text, err := json.Marshal([]any{values, own.Parameters})
	if err != nil {
		return nil, own.secrets, fmt.Errorf("write the parameters of a call: %w", err)
	}
	values = guarded(values, b.Secrets, b.Input, text)
	sealed, err := s.seal(ctx, tx, f.ProjectID, f.ID, values)
	return sealed, secret.NewCredentials(values), err
}

func merged[V any](under, over map[string]V) map[string]V {
	all := maps.Clone(under)
	if all == nil {
		all = map[string]V{}
	}
	maps.Copy(all, over)
	return all
}
