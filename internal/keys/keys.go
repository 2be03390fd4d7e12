// Package keys owns the rotation of keys: how a new master key takes the place of the one that wraps all data keys, and how new data keys take the place of those that seal logins, while
// everything goes on. It knows what is stored and what package secret can do; it knows no HTTP.
//
// A master key is rotated in two phases, so that nothing is ever sealed with a key that somebody cannot open:
//
//	spreading   every process that runs can open the new key; none seals with it
//	rewrapping  every process seals with the new key; all data keys are wrapped anew, in steps; the check value (the root key) comes last
//	done        nothing is wrapped by the old key; it is taken out of the file
//
// What is done is told by the rows themselves, so whoever comes after a process that died goes on. State is one value among those of the deployment, changed under its lock.
package keys

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/store"
)

const (
	rotationName = "keys.rotation"
	dataName     = "keys.data-rotation"

	seenEvery = 5 * time.Second  // a process says so often that it is there
	goneAfter = 30 * time.Second // who was not seen for so long is not waited for
	lookAfter = 10 * time.Minute // for so long after a rotation late rows are looked for
	lookEvery = 10 * time.Second
	settle    = 2 * time.Second // what somebody wrapped before it sealed with the new key is stored by then
	stepKeys  = 50
)

// Config is what a Service needs.
type Config struct {
	Store  *store.Store
	Keeper *secret.Keeper
	Source secret.Source
	Alone  bool   // no other process uses the database
	ID     string // of this process
	Host   string // where people find it
	Now    func() time.Time
	Rand   io.Reader
	Log    *slog.Logger
	Step   func(done string) // nil, or told after each thing that is stored: for tests
}

// Service rotates keys. Safe for concurrent use.
type Service struct {
	Config

	mu      sync.Mutex // of one look at a time
	text    string     // of the keys, as read last
	unread  bool       // it could not be read
	told    store.KeyHolder
	looked  time.Time
	late    time.Time       // since when keys that were wrapped after a rotation are looked for
	damaged map[string]bool // data keys that do not open, by owner
}

// New makes a Service. Join comes before anything is sealed.
func New(c Config) *Service {
	if c.Step == nil {
		c.Step = func(string) {}
	}
	return &Service{Config: c, damaged: map[string]bool{}}
}

// rotation is a rotation of the master key as it is stored.
type rotation struct {
	From       string    `json:"from"`
	To         string    `json:"to"`
	Retired    []string  `json:"retired"` // keys that were rotated away from, From too once it is done
	StartedAt  time.Time `json:"started_at"`
	SwitchedAt time.Time `json:"switched_at,omitzero"` // from when on everybody seals with To
	FinishedAt time.Time `json:"finished_at,omitzero"`
}

func (r rotation) active() bool { return r.To != "" && r.FinishedAt.IsZero() }

func (r rotation) switched() bool { return r.active() && !r.SwitchedAt.IsZero() }

// seals names the key that everybody seals with since the last rotation; empty: there was none, or it is not that far.
func (r rotation) seals() string {
	if r.SwitchedAt.IsZero() {
		return ""
	}
	return r.To
}

func parse[T any](text string) (state T, err error) {
	if text == "" {
		return state, nil
	}
	if err := json.Unmarshal([]byte(text), &state); err != nil {
		return state, fmt.Errorf("read the state of a rotation: %w", err)
	}
	return state, nil
}

// changeState stores what change makes of a state while nobody else changes it. Nothing is stored when change gives false.
func changeState[T any](ctx context.Context, s *store.Store, name string, change func(tx *store.Tx, state *T) (bool, error)) (state T, err error) {
	err = s.Write(ctx, func(tx *store.Tx) error {
		text, err := tx.LockMeta(ctx, name)
		if err != nil {
			return err
		}
		if state, err = parse[T](text); err != nil {
			return err
		}
		changed, err := change(tx, &state)
		if err != nil || !changed {
			return err
		}
		next, err := json.Marshal(state)
		if err != nil {
			return fmt.Errorf("write the state of a rotation: %w", err)
		}
		return tx.SetMeta(ctx, name, string(next))
	})
	return state, err
}

func (s *Service) rotation(ctx context.Context) (rotation, error) {
	text, err := s.Store.Meta(ctx, rotationName)
	if err != nil {
		return rotation{}, err
	}
	return parse[rotation](text)
}

// Join notes this process among those that seal, adopts a rotation that is under way, and refuses to go on when data need a master key that was not given.
func (s *Service) Join(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text, _ = s.Source.Read(ctx) // a file that cannot be read has no key
	state, err := changeState(ctx, s.Store, rotationName, func(tx *store.Tx, r *rotation) (bool, error) {
		return false, s.tell(ctx, tx)
	})
	if err != nil {
		return fmt.Errorf("note which master keys are here: %w", err)
	}
	if to := state.seals(); to != "" {
		if !slices.Contains(s.Keeper.Holds(), to) {
			return fmt.Errorf("the master key is being rotated to %s, which this Busbar was not given: add that key as a further line, then start again", to)
		}
		if err := s.Keeper.SealWith(to); err != nil {
			return err
		}
		s.late = s.Now()
	}
	return s.missing(ctx)
}

// missing says which master keys the data need that are not here.
func (s *Service) missing(ctx context.Context) error {
	heads, err := s.Store.KeyHeads(ctx)
	if err != nil {
		return err
	}
	for head, n := range heads {
		if name := secret.SealedBy([]byte(head)); !slices.Contains(s.Keeper.Holds(), name) {
			return fmt.Errorf("%d stored keys are wrapped by the master key %s, which this Busbar was not given: add that key as a further line, then start again", n, name)
		}
	}
	return nil
}

// holds names the keys that this process can open, and still can when it is started again: a key that went from the file is not among them.
func (s *Service) holds() []string {
	if !s.Source.InFile() {
		return s.Keeper.Holds()
	}
	there, err := secret.Names(s.text)
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(s.Keeper.Holds(), func(name string) bool { return !slices.Contains(there, name) })
}

// tell notes this process.
func (s *Service) tell(ctx context.Context, tx *store.Tx) error {
	now := s.Now()
	me := store.KeyHolder{ID: s.ID, Host: s.Host, Holds: s.holds(), Seals: s.Keeper.Sealing(), SeenAt: now}
	s.told = me
	return tx.PutKeyHolder(ctx, me, now.Add(-goneAfter))
}

// Leave takes this process out of those that seal.
func (s *Service) Leave(ctx context.Context) error { return s.Store.DropKeyHolder(ctx, s.ID) }
