package secret

// Reseal gives what is sealed at a place under another data key of the same owner. Nothing stays nothing. ErrNotOpened.
func (k *Keeper) Reseal(from, to []byte, p Place, sealed []byte) ([]byte, error) {
	if len(sealed) == 0 {
		return sealed, nil
	}
	plain, err := k.Open(from, p, sealed)
	if err != nil {
		return nil, err
	}
	return k.Seal(to, p, plain)
}

// CredentialsPlace is where a connection keeps its login.
func CredentialsPlace(connection string) Place {
	return Place{Table: "connections", Column: "credentials", Row: connection, Connection: connection}
}

// TokensPlace is where a connection keeps the tokens of its login.
func TokensPlace(connection string) Place {
	return Place{Table: "login_tokens", Column: "sealed", Row: connection, Connection: connection}
}
