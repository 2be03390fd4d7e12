package flow

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"

	"github.com/busbar-dev/busbar/internal/secret"
)

// newHook makes the secret address of a flow's webhook, and what signs its calls.
func (s *Service) newHook(ctx context.Context, a *Applied) error {
	plain, err := secret.NewToken(secret.HookSecret, s.Rand)
	if err != nil {
		return err
	}
	key := make([]byte, 24)
	if _, err := io.ReadFull(s.Rand, key); err != nil {
		return fmt.Errorf("make a signing secret: %w", err)
	}
	a.Flow.HookHash = s.Keeper.Hash(plain)
	a.HookURL, a.Signing = "/hooks/"+plain, "whsec_"+base64.StdEncoding.EncodeToString(key)
	a.Flow.HookSealed, err = s.Keeper.SealOwn(secret.HookPlace(a.Flow.ID), []byte(a.Signing))
	return err
}
