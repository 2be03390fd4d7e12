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

// Tick reads the file of the keys anew, says which are here, and takes a rotation a step further. It is called now and then.
func (s *Service) Tick(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reread(ctx)
	state, err := s.rotation(ctx)
	if err != nil {
		return err
	}
	if to := state.seals(); to != "" && s.Keeper.Sealing() != to {
		if err := s.Keeper.SealWith(to); err != nil {
			return fmt.Errorf("follow the rotation of the master key: %w", err)
		}
		s.late, s.looked = s.Now(), time.Time{}
	}
	if err := s.tellNow(ctx); err != nil {
		return err
	}
	switch {
	case state.switched():
		err = s.rewrap(ctx, state)
	case state.active():
		err = s.switchOver(ctx)
	case state.To != "":
		err = s.after(ctx, state)
	}
	return errors.Join(err, s.stepData(ctx))
}

// reread takes in what was added to the file of the keys. Keys that went from it stay until the process ends.
func (s *Service) reread(ctx context.Context) {
	if !s.Source.InFile() {
		return
	}
	text, err := s.Source.Read(ctx)
	if err == nil && text == s.text {
		return
	}
	if err == nil {
		err = s.Keeper.Learn(text)
	}
	if err != nil && !s.unread {
		s.Log.Error("the file of the master key was changed and cannot be read; the keys that were there stay in use until this process ends", "error", err)
	}
	s.text, s.unread = text, err != nil
}

// tellNow notes this process when there is something new to tell, or it is time.
func (s *Service) tellNow(ctx context.Context) error {
	news := s.told.Seals != s.Keeper.Sealing() || !slices.Equal(s.told.Holds, s.holds())
	if !news && (s.Alone || s.Now().Before(s.told.SeenAt.Add(seenEvery))) {
		return nil
	}
	return s.Store.Write(ctx, func(tx *store.Tx) error { return s.tell(ctx, tx) })
}

// switchOver begins to seal with the new key once everybody can open it.
func (s *Service) switchOver(ctx context.Context) error {
	state, err := changeState(ctx, s.Store, rotationName, func(tx *store.Tx, r *rotation) (bool, error) {
		if !r.active() || r.switched() {
			return false, nil
		}
		all, err := tx.KeyHolders(ctx, s.Now().Add(-goneAfter))
		if err != nil {
			return false, err
		}
		if !slices.Contains(s.holds(), r.To) || !allHold(all, r.To) {
			return false, nil
		}
		r.SwitchedAt = s.Now().UTC()
		return true, nil
	})
	if err != nil || !state.switched() {
		return err
	}
	s.Step("switched")
	s.Log.Info("every Busbar can open the new master key; data keys are wrapped anew", "from", state.From, "to", state.To)
	return s.Keeper.SealWith(state.To)
}

func allHold(all []store.KeyHolder, key string) bool {
	return !slices.ContainsFunc(all, func(h store.KeyHolder) bool { return !slices.Contains(h.Holds, key) })
}

// rewrap takes the next step: some data keys, or the end when none is left and everybody seals with the new key.
func (s *Service) rewrap(ctx context.Context, r rotation) error {
	if !slices.Contains(s.holds(), r.To) {
		return fmt.Errorf("the new master key %s went from the file %s: put it back as a further line before this Busbar ends, for what it wraps cannot be opened without it", r.To, s.Source.File)
	}
	left, err := s.rewrapSome(ctx, r.To)
	if err != nil || left || s.Now().Before(r.SwitchedAt.Add(settle)) {
		return err
	}
	all, err := s.Store.KeyHolders(ctx, s.Now().Add(-goneAfter))
	if err != nil {
		return err
	}
	for _, h := range all {
		if h.Seals != r.To || !slices.Contains(h.Holds, r.To) {
			return nil
		}
	}
	return s.finish(ctx)
}

// rewrapSome wraps some data keys anew, in one transaction. left says that others are not under the key yet.
func (s *Service) rewrapSome(ctx context.Context, to string) (left bool, err error) {
	found, err := s.Store.KeysNotUnder(ctx, secret.Head(to), stepKeys+len(s.damaged))
	if err != nil || len(found) == 0 {
		return false, err
	}
	rewrapped := make([][]byte, len(found))
	for i, k := range found {
		if rewrapped[i], err = s.Keeper.Rewrap(owner(k), k.Wrapped); err != nil {
			s.noteDamaged(k, err)
		}
	}
	err = s.Store.Write(ctx, func(tx *store.Tx) error {
		for i, k := range found {
			if rewrapped[i] == nil {
				continue
			}
			if _, err := tx.SwapKey(ctx, k, rewrapped[i]); err != nil { // one that was changed meanwhile is found again
				return err
			}
		}
		return nil
	})
	if err != nil {
		return true, fmt.Errorf("wrap data keys anew: %w", err)
	}
	s.Step("rewrapped")
	return true, nil
}

func owner(k store.WrappedKey) secret.Owner {
	return secret.Owner{Connection: k.Connection, Project: k.Project}
}

// noteDamaged says once of a data key that it does not open; it stays as it is, and the rotation does not end.
func (s *Service) noteDamaged(k store.WrappedKey, err error) {
	name := k.Connection + k.Project
	if !s.damaged[name] {
		s.Log.Error("a stored key does not open, so the rotation of the master key cannot end; end the connection, or restore its row", "connection", k.Connection, "project", k.Project, "error", err)
	}
	s.damaged[name] = true
}

// finish puts the check value under the new key, last.
func (s *Service) finish(ctx context.Context) error {
	check, err := s.Keeper.CheckSealed()
	if err != nil {
		return err
	}
	ctx = audit.By(ctx, audit.Actor{Kind: audit.System, Name: "busbar", At: s.Now()})
	ended := false
	state, err := changeState(ctx, s.Store, rotationName, func(tx *store.Tx, r *rotation) (bool, error) {
		ended = r.switched() && r.To == s.Keeper.Sealing()
		if !ended {
			return false, nil
		}
		r.FinishedAt = s.Now().UTC()
		r.Retired = append(slices.DeleteFunc(r.Retired, func(name string) bool { return name == r.To || name == r.From }), r.From)
		if err := tx.SetMeta(ctx, secret.CheckName, check); err != nil {
			return false, err
		}
		return true, audit.Note(ctx, tx, audit.Act{Action: "master-key.rotated", Target: "master-key", TargetID: r.To})
	})
	if err != nil || !ended {
		return err
	}
	s.Step("finished")
	s.Log.Info("the master key is rotated; nothing is wrapped by the old one", "from", state.From, "to", state.To)
	return s.retire(ctx, state)
}

// after looks for a while for keys that somebody wrapped before the end and stored behind it, and takes the old key out of this process's file.
func (s *Service) after(ctx context.Context, r rotation) error {
	if err := s.retire(ctx, r); err != nil {
		return err
	}
	now := s.Now()
	if now.After(r.FinishedAt.Add(lookAfter)) && now.After(s.late.Add(lookAfter)) || now.Before(s.looked.Add(lookEvery)) {
		return nil
	}
	s.looked = now
	_, err := s.rewrapSome(ctx, r.To)
	return err
}

// retire takes the old key out of the file where it is in one. A file that may not be written is left to its owner.
func (s *Service) retire(ctx context.Context, r rotation) error {
	if !s.Source.InFile() {
		return nil
	}
	names, err := secret.Names(s.text)
	if err != nil || !slices.Contains(names, r.From) || !slices.Contains(names, r.To) {
		return nil
	}
	done, err := s.Source.Retire(r.From)
	if err != nil {
		s.Log.Warn("the old master key could not be taken out of its file; take its line out by hand", "key", r.From, "error", err)
	}
	s.text, _ = s.Source.Read(ctx)
	if err != nil { // once
		s.text = ""
		return nil
	}
	if done {
		s.Step("retired")
		s.Log.Info("the old master key was taken out of its file and is kept beside it: backups made so far need it", "key", r.From, "file", s.Source.Archive(r.From))
	}
	return nil
}
