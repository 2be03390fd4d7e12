// Package secret may seal.
package secret

import _ "github.com/tink-crypto/tink-go/v2/aead"
