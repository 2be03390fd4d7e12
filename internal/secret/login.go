package secret

import (
	"encoding/json"
	"fmt"
)

// SealCredentials hides the login of a connection, bound to the place where connections keep it.
func (k *Keeper) SealCredentials(wrapped []byte, connection string, values map[string]string) (sealed []byte, err error) {
	plain, err := json.Marshal(values)
	if err != nil {
		return nil, fmt.Errorf("seal credentials: %w", err)
	}
	return k.Seal(wrapped, credentialsPlace(connection), plain)
}

// OpenCredentials gives back what SealCredentials hid. ErrNotOpened.
func (k *Keeper) OpenCredentials(wrapped []byte, connection string, sealed []byte) (Credentials, error) {
	plain, err := k.Open(wrapped, credentialsPlace(connection), sealed)
	if err != nil {
		return Credentials{}, fmt.Errorf("open credentials: %w", err)
	}
	var values map[string]string
	if err := json.Unmarshal(plain, &values); err != nil {
		return Credentials{}, fmt.Errorf("open credentials: they are no object of texts")
	}
	return NewCredentials(values), nil
}

func credentialsPlace(connection string) Place {
	return Place{Table: "connections", Column: "credentials", Row: connection, Connection: connection}
}
