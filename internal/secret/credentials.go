package secret

import (
	"encoding/json"
	"log/slog"
)

const redacted = "[redacted]"

// Credentials are the plaintext login of one connection: field name to value. They print as [redacted] however they are
// formatted; only Get gives a value, and only drivers call it.
type Credentials struct{ values map[string]string }

// NewCredentials wraps plaintext values. The map is not copied.
func NewCredentials(values map[string]string) Credentials { return Credentials{values} }

// Get gives the plaintext of a field, "" when it is not set.
func (c Credentials) Get(name string) string { return c.values[name] }

// Names lists the fields that are set, unordered.
func (c Credentials) Names() []string {
	names := make([]string, 0, len(c.values))
	for n := range c.values {
		names = append(names, n)
	}
	return names
}

// String implements fmt.Stringer without giving anything away.
func (c Credentials) String() string { return redacted }

// GoString implements fmt.GoStringer likewise.
func (c Credentials) GoString() string { return redacted }

// MarshalJSON writes the word [redacted].
func (c Credentials) MarshalJSON() ([]byte, error) { return json.Marshal(redacted) }

// LogValue implements slog.LogValuer likewise.
func (c Credentials) LogValue() slog.Value { return slog.StringValue(redacted) }
