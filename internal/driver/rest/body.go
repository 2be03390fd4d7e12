package rest

import (
	"bytes"
	"encoding/json"

	"github.com/busbar-dev/busbar/internal/manifest"
)

// body makes what a call sends: the members of the write, within what the manifest gives; nil where there is nothing.
func (o *callOptions) body(members []byte) ([]byte, error) {
	switch {
	case o.Body == "" && (members == nil || len(o.In) == 0):
		return members, nil
	case members == nil:
		return []byte(o.Body), nil
	}
	return lay(members, []byte(orElse(o.Body, "{}")), o.In)
}

// lay puts a value at a place of an object, whose other members stay; at no place, its members are laid over the object's.
func lay(value, object []byte, at manifest.Path) ([]byte, error) {
	members := map[string]json.RawMessage{}
	if err := json.Unmarshal(object, &members); err != nil {
		return nil, unfit("The body that the connector gives is not a JSON object.")
	}
	if len(at) == 0 {
		if err := json.Unmarshal(value, &members); err != nil {
			return nil, unfit("What is to be written is not a JSON object.")
		}
		return encode(members)
	}
	inner := members[at[0]]
	switch {
	case len(at) == 1:
		members[at[0]] = value
		return encode(members)
	case inner == nil:
		inner = []byte("{}")
	}
	inner, err := lay(value, inner, at[1:])
	if err != nil {
		return nil, err
	}
	members[at[0]] = inner
	return encode(members)
}

// encode writes JSON as it is, without escapes for HTML.
func encode(value any) ([]byte, error) {
	var out bytes.Buffer
	to := json.NewEncoder(&out)
	to.SetEscapeHTML(false)
	if err := to.Encode(value); err != nil {
		return nil, unfit("What is to be written is not JSON.")
	}
	return bytes.TrimSpace(out.Bytes()), nil
}
