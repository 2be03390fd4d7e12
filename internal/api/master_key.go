package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/keys"
)

// masterKeyView tells how things stand with the keys. It names keys and shows none.
type masterKeyView struct {
	Sealing      string           `json:"sealing" example:"5f0c2a91" doc:"Name of the master key that wraps what is sealed now."`
	Keys         []keyView        `json:"keys" doc:"The master keys that this Busbar can open, or that data need."`
	Rotation     rotationView     `json:"rotation"`
	DataRotation dataRotationView `json:"data_rotation"`
	Processes    []holderView     `json:"processes" doc:"The Busbars on the database, where several may share one."`
}

type keyView struct {
	ID       string `json:"id" example:"5f0c2a91"`
	DataKeys int    `json:"data_keys" doc:"How many data keys (of connections and projects) it wraps."`
	Held     bool   `json:"held" doc:"Whether this Busbar can open it."`
}

type rotationView struct {
	Phase      string     `json:"phase" enum:"none,spreading,rewrapping,done" doc:"spreading: every Busbar must be able to open the new key first. rewrapping: data keys are wrapped anew."`
	From       string     `json:"from,omitempty"`
	To         string     `json:"to,omitempty"`
	StartedAt  *time.Time `json:"started_at"`
	FinishedAt *time.Time `json:"finished_at"`
	Left       int        `json:"left" doc:"Data keys that are still wrapped by another key."`
	Waits      []string   `json:"waits" doc:"For what it waits, in sentences."`
}

type dataRotationView struct {
	StartedAt  *time.Time `json:"started_at"`
	FinishedAt *time.Time `json:"finished_at"`
	Done       int        `json:"done" doc:"Logins that are sealed with a new data key."`
	Waiting    []string   `json:"waiting" doc:"Connections whose login is being renewed: they come a little later."`
}

type holderView struct {
	Host    string     `json:"host"`
	Keys    []string   `json:"keys"`
	Sealing string     `json:"sealing"`
	SeenAt  *time.Time `json:"seen_at"`
}

func (s *server) registerMasterKey() {
	register(s, access{wholePlane, connection.ScopeOwn}, huma.Operation{
		OperationID: "get-master-key", Method: http.MethodGet, Path: "/v1/master-key", Tags: []string{tagKeys},
		Summary: "Look at the master key and its rotation", Description: "Names of keys only: a key itself never leaves Busbar. Only the first project sees it.",
	}, func(ctx context.Context, _ *struct{}) (*one[masterKeyView], error) { return s.masterKey(ctx) })
	register(s, access{wholePlane, connection.ScopeOwn}, huma.Operation{
		OperationID: "rotate-master-key", Method: http.MethodPost, Path: "/v1/master-key/rotation", Tags: []string{tagKeys}, DefaultStatus: http.StatusAccepted,
		Summary: "Rotate the master key",
		Description: "To a new one that Busbar adds to its file, or to the first further key that it was given. Everything goes on meanwhile. It waits until every Busbar on the database can open the new key; " +
			"one that is under way goes on. 409 conflict: there is no key to rotate to.",
	}, func(ctx context.Context, _ *struct{}) (*one[masterKeyView], error) {
		if err := s.Keys.Rotate(ctx); err != nil {
			return nil, err
		}
		return s.masterKey(ctx)
	})
	register(s, access{wholePlane, connection.ScopeOwn}, huma.Operation{
		OperationID: "rotate-data-keys", Method: http.MethodPost, Path: "/v1/master-key/data-rotation", Tags: []string{tagKeys}, DefaultStatus: http.StatusAccepted,
		Summary: "Seal every login with a new data key", Description: "For when a data key may be known to somebody. Everything goes on meanwhile; one that is under way goes on.",
	}, func(ctx context.Context, _ *struct{}) (*one[masterKeyView], error) {
		if err := s.Keys.RotateData(ctx); err != nil {
			return nil, err
		}
		return s.masterKey(ctx)
	})
}

func (s *server) masterKey(ctx context.Context) (*one[masterKeyView], error) {
	st, err := s.Keys.Status(ctx)
	if err != nil {
		return nil, fmt.Errorf("look at the keys: %w", err)
	}
	return &one[masterKeyView]{viewMasterKey(st)}, nil
}

func viewMasterKey(st keys.Status) masterKeyView {
	v := masterKeyView{
		Sealing: st.Sealing, Keys: []keyView{}, Processes: []holderView{},
		Rotation:     rotationView{st.Phase, st.From, st.To, moment(st.StartedAt), moment(st.FinishedAt), st.Left(), list(st.Waits)},
		DataRotation: dataRotationView{moment(st.Data.StartedAt), moment(st.Data.FinishedAt), st.Data.Done, list(st.Data.Waiting)},
	}
	names := slices.Clone(st.Holds)
	for name := range st.Wrapped {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		v.Keys = append(v.Keys, keyView{name, st.Wrapped[name], slices.Contains(st.Holds, name)})
	}
	for _, h := range st.Holders {
		v.Processes = append(v.Processes, holderView{h.Host, list(h.Holds), h.Seals, moment(h.SeenAt)})
	}
	return v
}
