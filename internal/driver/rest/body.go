package rest

import (
	"bytes"
	"encoding/json"

	"github.com/busbar-dev/busbar/internal/driver"
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

// keyOf gives a record's id as the system writes it: a number stays one.
func keyOf(w driver.Command) any {
	if len(w.Entity.ID) == 1 {
		if raw := find(w.Current, w.Entity.ID[0]); text(raw) == w.RemoteID && w.RemoteID != "" {
			return json.RawMessage(raw)
		}
	}
	return w.RemoteID
}

// layAny is lay for any value; at no place it does nothing.
func layAny(value any, object []byte, at manifest.Path) ([]byte, error) {
	if len(at) == 0 {
		return object, nil
	}
	raw, err := encode(value)
	if err != nil {
		return nil, err
	}
	return lay(raw, object, at)
}

// layVersion puts the version of the record that a write is made for at a place of an object.
func layVersion(w driver.Command, from manifest.Path, object []byte, at manifest.Path) ([]byte, error) {
	version := find(w.Current, from)
	if text(version) == "" {
		return nil, noVersion(from)
	}
	return lay(version, object, at)
}

func orObject(body []byte) []byte {
	if body == nil {
		return []byte("{}")
	}
	return body
}
