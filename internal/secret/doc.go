// Package secret owns keys and everything that is hidden with them: the master key, the key of each connection that it wraps,
// sealed credentials, tokens and their hashes, and the codes that make cursors unforgeable. It is the only package that handles
// keys. It knows no storage, no HTTP and no system: whoever asks says where a sealed value lives (Place) and stores it.
//
//	master key (32 bytes, in a file beside the data or given as text)
//	 ├─ HKDF "kek"  ─ wraps ─ root key (the check value, stored with the data) ─ HKDF ─┬─ token hashes
//	 │                                                                                └─ message codes
//	 └─              wraps ─ data key of each connection ─ seals ─ its credentials
//
// The check value holds the root key, so that the master key can be replaced by sealing anew what it wraps, while
// tokens and cursors live on.
package secret
