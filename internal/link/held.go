package link

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/store"
)

// heldLife is how long the customer may choose after a login in a browser.
const heldLife = 30 * time.Minute

// held is what a login in a browser gave, from its end until the customer has chosen.
type held struct {
	Login Login
	Grant driver.Grant
	Asked time.Time // when it was granted, at the latest
}

// grant is what is left of it.
func (h *held) grant(now time.Time) *driver.Grant {
	g := h.Grant
	if g.Life > 0 {
		g.Life = max(time.Second, g.Life-now.Sub(h.Asked))
	}
	return &g
}

// Held gives the login that this browser made at the system and that is not used yet; Check and Connect take it with what was chosen. nil: there is none, or it is too old.
func (s *Service) Held(ctx context.Context, v *Visit) (*Login, error) {
	row, err := s.Store.LoginAttempt(ctx, attemptPurpose, s.heldHash(v.Link.ID))
	if errors.Is(err, store.ErrNotFound) || err == nil && (v.refuse() != nil || !bytes.Equal(row.Browser, v.browser) || !s.Now().Before(row.ExpiresAt)) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look up what a login gave: %w", err)
	}
	text, err := s.Keeper.OpenOwn(secret.AttemptPlace(row.Hash), row.Sealed)
	if err != nil {
		return nil, fmt.Errorf("open what a login gave: %w", err)
	}
	var h held
	if err := json.Unmarshal(text, &h); err != nil {
		return nil, fmt.Errorf("read what a login gave: %w", err)
	}
	l := h.Login
	l.held = &h
	return &l, nil
}

func (s *Service) heldHash(link string) []byte { return s.Keeper.Hash("link login " + link) }

// hold keeps what a login gave in place of what an earlier one did, while the link is open.
func (s *Service) hold(ctx context.Context, v *Visit, h held) error {
	row := store.LoginAttempt{Hash: s.heldHash(v.Link.ID), Purpose: attemptPurpose, Owner: v.Link.ID, Browser: v.browser, CreatedAt: s.instant(), ExpiresAt: s.instant().Add(heldLife)}
	text, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("write what a login gave: %w", err)
	}
	if row.Sealed, err = s.Keeper.SealOwn(secret.AttemptPlace(row.Hash), text); err != nil {
		return err
	}
	err = s.Store.Write(ctx, func(tx *store.Tx) error {
		if l, err := tx.LockLink(ctx, v.Link.ID); err != nil || l.Status != store.LinkOpen {
			return err
		}
		return tx.PutLoginAttempt(ctx, row)
	})
	if err != nil {
		return fmt.Errorf("keep what a login gave: %w", err)
	}
	return nil
}

// drop forgets what a login gave, in the transaction that ends its link.
func (s *Service) drop(ctx context.Context, tx *store.Tx, link string) error {
	return tx.EraseLoginAttempt(ctx, attemptPurpose, s.heldHash(link))
}

// using gives the form what the login gave, and keeps what the system renewed it to meanwhile: the old one may be good no more.
func (s *Service) using(ctx context.Context, v *Visit, l Login, f *connection.Form, do func() error) error {
	if l.held == nil {
		return do()
	}
	asked := s.instant()
	f.Grant = l.held.grant(asked)
	before := *f.Grant
	err := do()
	if *f.Grant == before {
		return err
	}
	l.held.Grant, l.held.Asked = *f.Grant, asked
	return errors.Join(err, s.hold(context.WithoutCancel(ctx), v, *l.held))
}
