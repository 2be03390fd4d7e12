package secret

import (
	"encoding/json"
	"fmt"
)

// SealCredentials hides the login of a connection, bound to the place where connections keep it.
func (k *Keeper) SealCredentials(wrapped []byte, connection string, values map[string]string) (sealed []byte, err error) {
	return k.sealValues(wrapped, CredentialsPlace(connection), values)
}

// OpenCredentials gives back what SealCredentials hid. ErrNotOpened.
func (k *Keeper) OpenCredentials(wrapped []byte, connection string, sealed []byte) (Credentials, error) {
	return k.openValues(wrapped, CredentialsPlace(connection), sealed)
}

// Names of the tokens of a login.
const (
	AccessToken  = "access_token"
	RefreshToken = "refresh_token"
)

// SealTokens hides the tokens of a connection's login, by name, bound to the place where they are kept.
func (k *Keeper) SealTokens(wrapped []byte, connection string, tokens map[string]string) (sealed []byte, err error) {
	return k.sealValues(wrapped, TokensPlace(connection), tokens)
}

// OpenTokens gives back what SealTokens hid. ErrNotOpened.
func (k *Keeper) OpenTokens(wrapped []byte, connection string, sealed []byte) (Credentials, error) {
	return k.openValues(wrapped, TokensPlace(connection), sealed)
}

func (k *Keeper) sealValues(wrapped []byte, p Place, values map[string]string) (sealed []byte, err error) {
	plain, err := json.Marshal(values)
	if err != nil {
		return nil, fmt.Errorf("seal %s: %w", p.Table, err)
	}
	return k.Seal(wrapped, p, plain)
}

func (k *Keeper) openValues(wrapped []byte, p Place, sealed []byte) (Credentials, error) {
	plain, err := k.Open(wrapped, p, sealed)
	if err != nil {
		return Credentials{}, fmt.Errorf("open %s.%s: %w", p.Table, p.Column, err)
	}
	var values map[string]string
	if err := json.Unmarshal(plain, &values); err != nil {
		return Credentials{}, fmt.Errorf("open %s.%s: they are no object of texts", p.Table, p.Column)
	}
	return NewCredentials(values), nil
}
