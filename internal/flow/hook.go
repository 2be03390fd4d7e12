package flow

import (
	"fmt"

	"github.com/busbar-dev/busbar/internal/flow/hook"
	"github.com/busbar-dev/busbar/internal/flow/lang"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/store"
)

// HookPath is where a flow takes calls; the secret of its address follows.
const HookPath = "/hooks/"

// newHook makes the secret address of a flow's webhook, and what signs its calls where its document wants them signed.
func (s *Service) newHook(a *Applied, t *lang.WebhookTrigger) error {
	plain, err := secret.NewToken(secret.HookSecret, s.Rand)
	if err != nil {
		return err
	}
	a.HookURL, a.Flow.HookHash, a.Flow.HookSealed = HookPath+plain, s.Keeper.Hash(plain), nil
	if t.Signature == lang.Unsigned {
		return nil
	}
	if a.Signing, err = hook.NewSecret(s.Rand); err != nil {
		return err
	}
	a.Flow.HookSealed, err = s.Keeper.SealOwn(secret.HookPlace(a.Flow.ID), []byte(a.Signing))
	return err
}

// signing gives what signs calls of a flow; empty: they need not be signed.
func (s *Service) signing(f *store.Flow) (string, error) {
	if f.HookSealed == nil {
		return "", nil
	}
	key, err := s.Keeper.OpenOwn(secret.HookPlace(f.ID), f.HookSealed)
	if err != nil {
		return "", fmt.Errorf("open the secret of the webhook of flow %s: %w", f.Name, err)
	}
	return string(key), nil
}
