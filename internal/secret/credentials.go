package secret

import (
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"slices"
)

const redacted = "[redacted]"

// Credentials are the plaintext login of one connection: field name to value. They print as [redacted] however they are
// formatted, also from within another type; only Get gives a value, and only drivers call it.
type Credentials struct {
	values func() map[string]string // a function, because fmt looks into everything else that is unexported
	public []string
}

// NewCredentials wraps plaintext values, all of them secret. The map is not copied.
func NewCredentials(values map[string]string) Credentials {
	return Credentials{values: func() map[string]string { return values }}
}

// Public gives the same credentials, in which these fields are no secrets: Redact leaves their values.
func (c Credentials) Public(names ...string) Credentials {
	return Credentials{c.values, slices.Concat(c.public, names)}
}

// secrets gives the values that are not public.
func (c Credentials) secrets() (out []string) {
	for _, value := range c.named() {
		out = append(out, value)
	}
	return out
}

// named gives the values that are not public, by name.
func (c Credentials) named() iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		for name, value := range c.all() {
			if !slices.Contains(c.public, name) && !yield(name, value) {
				return
			}
		}
	}
}

// Get gives the plaintext of a field, "" when it is not set.
func (c Credentials) Get(name string) string { return c.all()[name] }

// Names lists the fields that are set, unordered.
func (c Credentials) Names() []string {
	names := make([]string, 0, len(c.all()))
	for n := range c.all() {
		names = append(names, n)
	}
	return names
}

func (c Credentials) all() map[string]string {
	if c.values == nil {
		return nil
	}
	return c.values()
}

// String implements fmt.Stringer without giving anything away.
func (c Credentials) String() string { return redacted }

// GoString implements fmt.GoStringer likewise.
func (c Credentials) GoString() string { return redacted }

// Format implements fmt.Formatter likewise, for every verb.
func (c Credentials) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalJSON writes the word [redacted].
func (c Credentials) MarshalJSON() ([]byte, error) { return json.Marshal(redacted) }

// LogValue implements slog.LogValuer likewise.
func (c Credentials) LogValue() slog.Value { return slog.StringValue(redacted) }
