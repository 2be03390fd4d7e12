package mapping

import (
	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/rawjson"
	"github.com/busbar-dev/busbar/model"
)

// ref writes the remote id of another record.
func (u *unmapper) ref(v rawjson.Value, m *manifest.FieldMap, out *tree, at string, around rawjson.Value) {
	if remote, ok := u.remote(v, u.entityOf(m, at, around), at); ok {
		u.key(remote, m.From, m.As, out, at)
	}
}

// entityOf gives the entity that a reference leads to.
func (u *unmapper) entityOf(m *manifest.FieldMap, at string, around rawjson.Value) string {
	if m.Field.ToField == "" {
		return m.Field.To
	}
	to := around.Get(m.Field.ToField)
	if to.Kind() == rawjson.Missing {
		to = u.now(m.Field.ToField)
	}
	entity, _ := u.text(to, at)
	return entity
}

// remote gives the remote id that a reference stands for.
func (u *unmapper) remote(v rawjson.Value, entity, at string) (string, bool) {
	if v.Kind() == rawjson.Object {
		return u.remoteOf(v, at)
	}
	text, ok := u.text(v, at)
	if !ok {
		return "", false
	}
	id, err := uuid.Parse(text)
	if err != nil {
		u.fault(at, "an id is wanted, this is %s", excerpt(text))
		return "", false
	}
	remote, ok := u.resolve(entity, id)
	if !ok {
		u.flaw(NoReference, at, "no record of %s has the id %s", entity, text)
	}
	return remote, ok
}

// remoteOf reads {"remote_id": "..."}.
func (u *unmapper) remoteOf(v rawjson.Value, at string) (string, bool) {
	if plainText(v.Get("remote_id")) == "" {
		u.fault(at, `write {"remote_id": "..."} with the record's own key as a text, or give the id of the record`)
		return "", false
	}
	return u.text(v.Get("remote_id"), at+"/remote_id")
}

// key writes a remote id to its path, or its parts to theirs.
func (u *unmapper) key(remote string, from []manifest.Path, as string, out *tree, at string) {
	parts := manifest.SplitID(remote, len(from))
	if len(parts) != len(from) {
		u.fault(at, "the remote id %s has %d parts, %d are wanted", excerpt(remote), len(parts), len(from))
		return
	}
	for i, part := range parts {
		raw, err := rawjson.Quote(nil, part)
		if err != nil {
			u.fault(at, "%s", err)
			return
		}
		u.typed(raw, model.Ref, as, from[i], out, at)
	}
}

// refs writes a list of remote ids.
func (u *unmapper) refs(v rawjson.Value, m *manifest.FieldMap, out *tree, at string) {
	u.elements(v, m.From[0], out, at, func(e rawjson.Value, at string) []byte {
		one := &tree{}
		if remote, ok := u.remote(e, m.Field.To, at); ok {
			u.key(remote, []manifest.Path{{"id"}}, m.As, one, at)
		}
		return member1(one, "id")
	})
}

func member1(t *tree, name string) []byte {
	if v := t.values[name]; v != nil {
		return v.append(nil)
	}
	return nil
}
